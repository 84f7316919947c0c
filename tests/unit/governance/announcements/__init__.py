"""What others are told: events, signatures and calls."""
