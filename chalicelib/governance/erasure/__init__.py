"""Erasure of a client: the applicant's part of records goes, the evidence stays."""
