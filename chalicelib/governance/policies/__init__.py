"""Policies over time: documents in the data bucket, who approved them, and which is in force."""
