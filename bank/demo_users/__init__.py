"""People of the bank on one machine: demo users, and the one who drives the permission audit."""
