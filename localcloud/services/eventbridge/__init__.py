"""EventBridge: rules, their targets, and the events that are put on the bus."""
