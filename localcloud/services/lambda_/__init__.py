"""AWS Lambda: functions in this process or uploaded; events, retries, logs, concurrency."""
