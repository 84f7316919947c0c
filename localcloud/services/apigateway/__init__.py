"""API Gateway: REST APIs as Chalice deploys them, and a gateway in front of a function."""
