"""The smallest change of an application that would be approved, and counter-offers of the bank."""
