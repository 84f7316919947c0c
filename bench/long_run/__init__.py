"""Measurements of a bank that has stored much, or that has served for long."""
