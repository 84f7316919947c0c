"""Simulation of POST /predict on AWS, from published limits and stated assumptions."""
