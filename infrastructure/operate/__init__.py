"""Commands of a running stage: its key, rollback, review-only, quarantine, and its removal."""
