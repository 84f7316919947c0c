"""CloudFormation's rules: for a stack, and for the text of its template."""
