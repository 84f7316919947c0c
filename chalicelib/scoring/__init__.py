"""One branch of analisisCredito: one model's endpoint scores one application, within its time."""
