"""Announcements: events about records, on EventBridge and as signed webhooks. Ids only."""
