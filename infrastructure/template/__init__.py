"""The stack that a stage is made of: resources.yaml, and the parts that are generated into it."""
