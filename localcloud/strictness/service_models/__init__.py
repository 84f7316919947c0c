"""AWS's service models as checks of a request: operations, parameters, types and limits."""
