"""What a model is worth: metrics, its card, and the challenge against the champion."""
