"""Acts of people on models: uploads and rollbacks, what became of each, and a model's history."""
