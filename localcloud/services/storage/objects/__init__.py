"""S3: its writes, its locks, and what memory keeps of an object."""
