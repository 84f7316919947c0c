"""Rules for IAM's policies, and for the roles that services are given."""
