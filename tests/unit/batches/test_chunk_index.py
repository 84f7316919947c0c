from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.intake.batches import row_reading
from chalicelib.decisions.intake.batches.chunk_index import (
    CHUNK_BYTES,
    CHUNK_ROWS,
    LONGEST_LINE,
    chunks,
    lines,
)

# Short lines, blank ones, and some about as long as a line may be.
LINES = st.one_of(
    st.binary(max_size=12).map(lambda one: one.replace(b"\n", b"")),
    st.sampled_from([b"", b" \t", b"\r"]),
    st.integers(LONGEST_LINE - 2, LONGEST_LINE + 2).map(lambda size: b"x" * size),
)
FILES = st.lists(LINES, max_size=30).map(b"\n".join)


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[place : place + size] for place in range(0, len(body), size)]


def numbered(body: bytes, start: int = 0) -> list[tuple[int, bytes]]:
    """The rows as a reader of the whole file numbers them, each cut to where it is too long."""
    found = enumerate(body[start:].split(b"\n"), 1)
    return [(number, line[: LONGEST_LINE + 1]) for number, line in found if line.strip()]


def by_chunk(body: bytes, size: int, start: int = 0) -> list[tuple[int, bytes]]:
    found = chunks(lines(iter(cut(body[start:], size)), start))
    return [
        (number, line[: LONGEST_LINE + 1])
        for chunk in found
        for number, line in row_reading.rows(body[chunk.start : chunk.end], chunk.first)
    ]


@given(FILES, st.integers(1, 100_000), st.integers(0, 3))
def test_the_chunks_have_every_row_once_under_its_number(body, size, start):
    assert by_chunk(body, size, start) == numbered(body, start)


@given(FILES, st.integers(1, 100_000))
def test_a_chunk_counts_its_rows_and_is_bounded(body, size):
    for number, chunk in enumerate(chunks(lines(iter(cut(body, size))))):
        rows = [*row_reading.rows(body[chunk.start : chunk.end], chunk.first)]

        assert (chunk.number, chunk.rows) == (number, len(rows))
        assert chunk.rows <= CHUNK_ROWS
        assert chunk.end - chunk.start <= max(CHUNK_BYTES, LONGEST_LINE + 1)


def test_a_chunk_is_full_at_its_rows_and_at_its_bytes():
    def counted(lengths: list[int]) -> list[int]:
        body = b"".join(b"x" * (length - 1) + b"\n" for length in lengths)
        return [chunk.rows for chunk in chunks(lines([body]))]

    assert counted([2] * CHUNK_ROWS) == [CHUNK_ROWS]
    assert counted([2] * (CHUNK_ROWS + 1)) == [CHUNK_ROWS, 1]
    assert counted([LONGEST_LINE] * 16) == [16]  # CHUNK_BYTES
    assert counted([LONGEST_LINE] * 15 + [LONGEST_LINE, 1 + 1]) == [16, 1]


def test_a_line_without_an_end_is_read_in_part_alone():
    body = b"a\n" + b"x" * 10_000_000
    found = [*chunks(lines(iter(cut(body, 1 << 16))))]

    assert [(one.first, one.rows, one.end - one.start) for one in found] == [
        (1, 1, 2),
        (2, 1, LONGEST_LINE + 1),
    ]
