"""The rows of a snapshot: which of them count, and what models and peers learn from them."""
