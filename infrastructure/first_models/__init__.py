"""A bank's first models: a snapshot, trainings, endpoints, and the cause where one failed."""
