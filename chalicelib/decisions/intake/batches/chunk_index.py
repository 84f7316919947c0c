"""Chunks of a file of rows, by their places in it. Pure.

A row is a line: a value can't hold a line break. So each chunk can be read alone, and a quote that
is never closed costs one row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CHUNK_ROWS = 200  # 3 answers of 200 scores are under SageMaker's 4 MB and take about a second
CHUNK_BYTES = 1 << 20
LONGEST_LINE = 1 << 16  # as the body of POST /predict


@dataclass(frozen=True, slots=True)
class Line:
    """A line from byte `start` to before byte `end`, with its line break."""

    start: int
    end: int
    is_blank: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines from byte `start` to before byte `end`. The first line is row `first`; blank lines
    have a number and are no rows. Of a line that is too long a chunk has the beginning alone.
    """

    number: int
    first: int
    rows: int
    start: int
    end: int


def lines(blocks: Iterable[bytes], start: int = 0) -> Iterator[Line]:
    """Yield the lines of a stream, whose first byte is byte `start` of its file."""
    begin, at, is_blank = start, start, True
    for block in blocks:
        place = 0
        while (found := block.find(b"\n", place)) >= 0:
            is_blank = is_blank and not block[place:found].strip()
            yield Line(begin, at + found + 1, is_blank)
            begin, is_blank, place = at + found + 1, True, found + 1
        is_blank = is_blank and not block[place:].strip()
        at += len(block)
    if begin < at:
        yield Line(begin, at, is_blank)


def chunks(found: Iterable[Line]) -> Iterator[Chunk]:
    """Yield the chunks of a file's lines, without those that have no row."""
    number, first, rows, start, end = 0, 1, 0, -1, -1
    for row, line in enumerate(found, 1):
        is_long = line.end - line.start > LONGEST_LINE
        is_full = rows == CHUNK_ROWS or line.end - start > CHUNK_BYTES
        if start < 0 or is_full or is_long:
            if rows:
                yield Chunk(number, first, rows, start, end)
                number += 1
            first, rows, start = row, 0, line.start
        rows, end = rows + (not line.is_blank), line.end
        if is_long:
            if rows:
                yield Chunk(number, first, rows, start, start + LONGEST_LINE + 1)
                number += 1
            rows, start = 0, -1
    if rows:
        yield Chunk(number, first, rows, start, end)
