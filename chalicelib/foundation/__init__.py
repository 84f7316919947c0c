"""Modules that every other folder may use: names in AWS, errors, texts, logs and notices."""
