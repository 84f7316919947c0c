"""Measurements become a page: medians, ratios, a table, a plot, and where a request's time goes."""
