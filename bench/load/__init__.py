"""The generator of load, in an environment of its own: it imports nothing of the bank."""
