"""Validation of a model: metrics, its card, and the challenge against the champion."""
