"""SageMaker training, processing and transform jobs: a process each."""
