"""One application becomes one stored decision, and the outcome of its loan is stored beside it."""
