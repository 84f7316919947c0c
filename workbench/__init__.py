"""Commands for a data scientist or an auditor at the desk, never run in Lambda or SageMaker."""
