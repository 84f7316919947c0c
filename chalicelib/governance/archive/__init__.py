"""Archives of evidence: their verifier, their program, and the pack of one decision."""
