"""Step Functions: moto runs the machines; here are start, SageMaker tasks, expressions."""
