"""What a real account proves, and this machine can't: one list for `make verify-aws` and for the
page docs/aws-checklist.md."""
