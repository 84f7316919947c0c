"""The API's description: OpenAPI 3.1, made of the routes, the profile and the types of answers."""
