"""Local HTTP servers: 127.0.0.1 only, strict about what they read."""
