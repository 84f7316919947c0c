"""Service Quotas: the quotas of the account, and what they refuse."""
