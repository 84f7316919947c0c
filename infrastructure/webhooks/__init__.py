"""Webhooks: their subscribers, replay, and what receivers get: verifier, vectors, schemas."""
