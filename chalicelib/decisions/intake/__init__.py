"""Intake of applications: the key that makes a repeat harmless, the state machine, the analysis."""
