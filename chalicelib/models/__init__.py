"""An artifact in S3 becomes an endpoint: artifact, bucket, deployment, endpoints, registry."""
