"""SageMaker's rules: for models and endpoints, and for jobs."""
