"""Steps of a deployment, one resource or kind of resources each. Each may be repeated."""
