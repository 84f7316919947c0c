"""The archive for an examiner: records, policies, models and the chain, with its own verifier."""
