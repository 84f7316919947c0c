"""Commands of a running stage: key, rollback, review-only, quarantine, training, removal."""
