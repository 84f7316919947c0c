"""Outcomes and decisions become the next snapshot; only this package talks to AWS."""
