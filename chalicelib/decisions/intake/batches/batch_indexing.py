"""The function indexBatch: it finds the chunks of a file, or why the file can't be read.

It reads the file once, from its beginning to its end, and keeps none of it.
"""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from typing import Any

import msgspec

from chalicelib.decisions.intake.batches.batch_files import (
    CHUNKS,
    COLUMNS,
    CONVERTED,
    INDEX,
    SUMMARY,
    UNREADABLE,
    BatchFiles,
    Source,
)
from chalicelib.decisions.intake.batches.chunk_index import LONGEST_LINE, Chunk, chunks, lines
from chalicelib.decisions.intake.batches.row_reading import (
    Form,
    NoTable,
    Table,
    require_columns,
    table_of,
)
from chalicelib.foundation.text import Text
from chalicelib.profile import Profile

Document = dict[str, Any]

MOST_ROWS = 1_000_000
MOST_BYTES = 1 << 30
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FORMS_BY_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "ZIP",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"PAR1": "Parquet",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
OTHER_FORM = Text(
    es="El archivo está en {form}. Envíelo como texto en UTF-8 sin comprimir, o nombre su formato.",
    en="The file is in {form}. Send it as text in UTF-8, not compressed, or name its format.",
)
OTHER_SIZE = Text(
    es="El archivo tiene {found} bytes y se anunciaron {wanted}.",
    en="The file has {found} bytes, and {wanted} were announced.",
)
NO_ROWS = Text(es="El archivo no tiene filas.", en="The file has no rows.")
TOO_MANY = Text(
    es="El archivo tiene más de {most} filas. Divídalo en varios.",
    en="The file has more than {most} rows. Split it.",
)
UNREADABLE_PARQUET: dict[str, Text] = {
    "NOT_PARQUET": Text(
        es="El archivo no es Parquet, o está truncado.",
        en="The file is not Parquet, or it is truncated.",
    ),
    "COLUMNS": Text(
        es="Las columnas no son clientId y los datos de la solicitud, cada una una vez.",
        en="The columns are not clientId and the application's features, each once.",
    ),
    "TOO_MANY": TOO_MANY.format(most=MOST_ROWS),
    "TOO_LARGE": Text(
        es="Las filas ocupan más de {most} bytes sin comprimir.",
        en="The rows take more than {most} bytes when they are not compressed.",
    ).format(most=MOST_BYTES),
}


class Unreadable(Exception):
    """A file that can't be read; `fault` says why."""

    def __init__(self, fault: Text) -> None:
        super().__init__(fault.en)
        self.fault = fault


def index(batch: str, files: BatchFiles, profile: Profile) -> Document:
    """Store the index of a batch's chunks, and return how many there are: none if the file can't
    be read, which the summary says then. A repeat finds the same chunks.
    """
    request = files.document(batch, "request.json")
    form: Form = request["format"]
    try:
        source = _source(batch, form, request["bytes"], files, profile)
        found, table, rows = _indexed(files.blocks(source), form, profile)
    except Unreadable as fault:
        detail = msgspec.to_builtins(fault.fault)  # in both languages
        files.put(batch, SUMMARY, {"state": "REFUSED", "detail": detail})
        files.delete_uploads(batch)
        return {"chunks": 0}
    described = {"source": asdict(source), "rows": rows, "chunks": len(found)}
    if table:
        described |= {"columns": table.columns, "delimiter": table.delimiter}
    files.put(batch, CHUNKS, [asdict(one) for one in found])
    files.put(batch, INDEX, described)  # the last: whoever finds it finds the chunks
    return {"chunks": len(found)}


def _source(batch: str, form: Form, announced: int, files: BatchFiles, profile: Profile) -> Source:
    """Return the file with the rows as lines. Raises Unreadable."""
    if form == "parquet":
        return _converted(batch, files, profile)
    source = files.source(batch, f"rows.{form}")
    if source is None:
        raise Unreadable(NO_ROWS)
    if source.size != announced:
        raise Unreadable(OTHER_SIZE.format(found=source.size, wanted=announced))
    return source


def _converted(batch: str, files: BatchFiles, profile: Profile) -> Source:
    """Return the rows that the job made of Parquet. Raises Unreadable."""
    if fault := files.uploaded(batch, UNREADABLE):
        raise Unreadable(UNREADABLE_PARQUET[fault["code"]])
    source = files.source(batch, CONVERTED)
    if source is None:
        raise Unreadable(NO_ROWS)
    try:
        require_columns(files.uploaded(batch, COLUMNS), profile)
    except NoTable as fault:
        raise Unreadable(fault.fault) from fault
    return source


def _indexed(
    blocks: Iterator[bytes], form: Form, profile: Profile
) -> tuple[list[Chunk], Table | None, int]:
    """Return the chunks of a stream, the table of a CSV, and the number of rows. Raises
    Unreadable.
    """
    head, start, table = _opened(blocks, form, profile)
    found, rows = [], 0
    for chunk in chunks(lines(chain([head], blocks), start)):
        found.append(chunk)
        rows += chunk.rows
        if rows > MOST_ROWS:
            raise Unreadable(TOO_MANY.format(most=MOST_ROWS))
    if not found:
        raise Unreadable(NO_ROWS)
    return found, table, rows


def _opened(
    blocks: Iterator[bytes], form: Form, profile: Profile
) -> tuple[bytes, int, Table | None]:
    """Return the beginning of the rows, its place in the file, and the table of a CSV. Raises
    Unreadable.
    """
    head = b""
    for block in blocks:  # the header is whole in them
        head += block
        if len(head) > LONGEST_LINE + len(BYTE_ORDER_MARK):
            break
    for magic, name in FORMS_BY_MAGIC.items():
        if head.startswith(magic):
            raise Unreadable(OTHER_FORM.format(form=name))
    start = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    if form != "csv":
        return head[start:], start, None
    header, end, rest = head[start:].partition(b"\n")
    try:
        table = table_of(header, profile)
    except NoTable as fault:
        raise Unreadable(fault.fault) from fault
    return rest, start + len(header) + len(end), table
