"""Contradictions that make a profile useless: each is named with its place."""
