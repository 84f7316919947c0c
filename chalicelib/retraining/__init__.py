"""News becomes a snapshot, a challenger, a verdict of the gate, and a promotion."""
