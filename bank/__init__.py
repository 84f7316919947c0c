"""This bank on the embedded cloud: run, demo, first models, real outcomes, the audit."""
