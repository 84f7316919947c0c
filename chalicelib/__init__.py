"""Code that runs inside Lambda. Folders go from the edge to the core: see docs/architecture.md."""
