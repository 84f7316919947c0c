"""Modules that an artifact carries to its endpoint; the standard library and numpy only."""
