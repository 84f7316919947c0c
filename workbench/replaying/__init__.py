"""A stored decision made again, by the artifacts that made it."""
