"""Checks that only a real account can pass: one list for `make verify-aws` and for
docs/aws-checklist.md.
"""
