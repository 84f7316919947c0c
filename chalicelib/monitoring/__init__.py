"""Checks of the running system: readiness, warm endpoints, drift, lost events, the inventory."""
