"""Time travel on the register: what retraining would have done, month by month."""
