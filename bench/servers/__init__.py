"""The servers that are compared: their environments, their commands, their processes."""
