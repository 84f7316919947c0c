"""`make deploy`: the command, the checks before it, and the steps that it takes in order."""
