"""A day at the decision desk, with its people and its examiner."""
