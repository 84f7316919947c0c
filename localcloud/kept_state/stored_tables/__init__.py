"""Items of DynamoDB's tables, which stay on the disk: what is read of them, and in which order."""
