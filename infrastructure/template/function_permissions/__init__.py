"""Permissions of the functions, declared by what the functions do."""
