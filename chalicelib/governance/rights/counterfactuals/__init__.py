"""The smallest change of an application that all three models would approve."""
