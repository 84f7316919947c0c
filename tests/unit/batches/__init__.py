"""Batches of applications."""
