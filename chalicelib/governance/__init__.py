"""Governance around the score: policies over time, and the rights of applicants."""
