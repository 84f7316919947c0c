"""The applicant's rights: what a bank must tell the person about whom it decided."""
