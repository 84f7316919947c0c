"""A folder's kept state: one SQLite file, its lock, its damage, its way back into memory."""
