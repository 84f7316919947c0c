"""Event source mappings: functions that read a table's stream or a queue; SQS's queues."""
