"""A thousand clients that retry with their keys while endpoints stop and the server is killed."""
