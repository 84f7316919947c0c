"""A bank of its own for the quarantine: what other tests collect must not count here."""

from tests.workflow.conftest import sample, served

__all__ = ["sample", "served"]
