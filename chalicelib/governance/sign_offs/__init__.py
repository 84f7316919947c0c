"""Sign-offs: a person with the role risk promotes or refuses a challenger; who trains may not."""
