"""Pages of lists as CSV: https://www.rfc-editor.org/rfc/rfc4180. Pure."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

CSV_TYPE = "text/csv"
# A spreadsheet runs a cell that begins with one of these as a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
AS_TEXT = "'"  # a spreadsheet takes the cell as text, and does not show it


def csv_page(fields: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a line with the fields, then a line a row, which end in CRLF.

    An object or a list is one cell of JSON; what a row lacks is empty.
    """
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(fields)
    writer.writerows([_cell(row.get(name)) for name in fields] for row in rows)
    return lines.getvalue()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs: with a quote before what might be a formula.

    A text that begins with a quote gets another, so that a reader may take one off each.

    >>> harmless("=1+1"), harmless("2 - 1"), harmless("'s")
    ("'=1+1", '2 - 1', "''s")
    """
    starts = (text[:1], text.lstrip()[:1])
    return AS_TEXT + text if any(one in (*FORMULA_STARTS, AS_TEXT) for one in starts) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
