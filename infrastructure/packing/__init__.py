"""Archives for Lambda and SageMaker: the same bytes for the same sources."""
