"""The three models and their blend against the libraries that a data scientist would take."""
