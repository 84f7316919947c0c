"""The source of SageMaker's jobs: what fits, validates and collects, packed as sourcedir.tar.gz."""
