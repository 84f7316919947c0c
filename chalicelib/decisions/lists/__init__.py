"""Lists of decisions: requests for them, pages that read a bounded amount, and signed cursors."""
