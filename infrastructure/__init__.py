"""A stage of the bank: from nothing to deployed, and back."""
