"""The steps of make deploy, in order, and the checks before them."""
