"""Faults of a profile or of data, shown by a command as one sentence instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from datasets import NoRegister, UnreadableData
from training import train

FAULTS = (*train.FAULTS, UnreadableData, NoRegister)


@contextmanager
def shown() -> Iterator[None]:
    """Raise click's error for what is wrong with the profile or the data that was named."""
    try:
        yield
    except FAULTS as fault:
        raise click.ClickException(str(fault)) from fault
