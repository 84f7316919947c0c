"""Applications of a file through the models that are deployed."""
