"""People and machines that call the API: roles, scopes, and the table of what each may do."""
