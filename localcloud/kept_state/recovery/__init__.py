"""A damaged database: how it is read, what is saved of it, and the sentences about it."""
