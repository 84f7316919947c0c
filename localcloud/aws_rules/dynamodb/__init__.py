"""DynamoDB's rules."""
