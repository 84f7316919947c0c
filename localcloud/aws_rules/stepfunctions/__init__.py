"""Step Functions' rules."""
