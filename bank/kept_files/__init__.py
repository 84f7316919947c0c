"""Files that the bank on one machine keeps, and those that it writes for its owner."""
