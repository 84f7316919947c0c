"""Many applications at once: a file in, a decision a row out."""
