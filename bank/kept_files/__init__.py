"""Files that the bank on one machine writes for its owner: API keys, and outcomes of loans."""
