"""The edge of HTTP: bodies of requests, answers and problems, and the start of chalice local."""
