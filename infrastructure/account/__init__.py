"""The AWS account: the quotas that a stage needs, and the bill of a month."""
