"""The viewer of the API's description at /docs: Swagger UI, brought by make viewer."""
