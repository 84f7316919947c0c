"""Reads of a day's keys, several at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from chalicelib.decisions.lists.id_window import Window
from chalicelib.decisions.lists.list_page import Place, Slice

# A client of boto3 has 10 connections, and a small function's share of a processor is busy with
# fewer answers at once.
READERS = 8


def read_all(places: Sequence[Place], window: Window, size: int) -> list[Slice]:
    """Read each place, and return the answers in their order. Raises what the first of them does.

    A client of boto3 may be shared by threads. Each read has the context of who asks: logs and the
    embedded cloud know the request by it.
    """
    with ThreadPoolExecutor(READERS) as readers:
        reads = [readers.submit(copy_context().run, one.read, window, size) for one in places]
        return [read.result() for read in reads]
