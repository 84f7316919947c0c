"""SageMaker models and endpoints: a worker process behind each endpoint."""
