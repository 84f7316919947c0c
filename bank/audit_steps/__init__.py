"""Steps of the permission audit."""
