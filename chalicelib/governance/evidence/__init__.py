"""Evidence for an auditor: digests of records, their chain, and its anchors."""
