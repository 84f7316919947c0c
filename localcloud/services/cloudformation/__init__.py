"""CloudFormation: stacks that fail as on AWS, and the properties that moto ignores."""
