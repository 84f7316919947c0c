"""One AWS service each: what moto lacks of it, beside the symbols of moto that it replaces."""
