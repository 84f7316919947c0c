"""The two state machines as files, their deployment and their lint."""
