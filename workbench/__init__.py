"""What a data scientist or an auditor runs at the desk, never in Lambda or SageMaker."""
