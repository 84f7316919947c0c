"""The bank of this repository on the embedded cloud: run, demo, models, outcomes, the audit."""
