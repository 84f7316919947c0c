"""The floor: what our own evaluator and table cost without an AWS around them."""
