"""The bank beside what a user would write or pick instead, measured in turn: `make bench-peers`."""
