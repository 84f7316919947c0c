"""Views of the API: each takes the request, and the names in its path."""
