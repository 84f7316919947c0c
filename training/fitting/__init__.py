"""From a snapshot to a fitted, calibrated model and its artifact."""
