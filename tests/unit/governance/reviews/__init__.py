"""Tests of people's decisions: acts, cases, contests, figures."""
