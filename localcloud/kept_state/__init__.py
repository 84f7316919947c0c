"""A folder's kept state: one SQLite file, its lock, its damage, the items in it, and the way of all
else back into memory.
"""
