"""Cut-offs for a bad rate, on the holdout's real loans."""
