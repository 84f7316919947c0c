"""Request interceptors of DynamoDB, S3, SageMaker, SNS and SSM: on disk before the answer."""
