"""Examples of the API's description: one real request of each operation, and its answer."""
