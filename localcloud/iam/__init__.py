"""IAM: each function, machine and job acts under its own role, and what it did is recorded."""
