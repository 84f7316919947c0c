"""The SQLite file of the kept state: its layout, lock and mark, and the health of its disk."""
