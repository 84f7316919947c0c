"""The console for the people of the bank: its page, and the bundle that `make console` builds."""
