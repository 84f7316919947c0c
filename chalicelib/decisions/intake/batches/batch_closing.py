"""The function closeBatch: the results of all chunks in one file, and the summary."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from chalicelib.decisions.intake.batches.batch_files import (
    DECISIONS,
    INDEX,
    REFUSALS,
    REQUEST,
    SUMMARY,
    BatchFiles,
)
from chalicelib.decisions.intake.batches.batch_ids import beginning, written
from chalicelib.decisions.intake.batches.batch_problems import erased_row
from chalicelib.foundation.text import Language

Document = dict[str, Any]
# Returns the ids of erased decisions that begin so.
Erased = Callable[[str], Collection[str]]

READERS = 16  # at once; a result is 30 KB


def close(batch: str, files: BatchFiles, erased: Erased, now: datetime) -> Document:
    """Store the decisions, the refused rows and the summary of a batch, delete what the caller
    sent, and return how many chunks are missing: with any, nothing is stored or deleted.

    A decision that was erased since is a refused row. An erasure deletes the files of a batch that
    has a summary, so that one which ends meanwhile is looked for again after it.
    """
    results, expected = files.results(batch), files.document(batch, INDEX)["chunks"]
    if missing := expected - len(results):
        return {"missing": missing}
    keys = [results[number].key for number in sorted(results)]
    with ThreadPoolExecutor(READERS) as readers:
        lines = [line for body in readers.map(files.body, keys) for line in body.splitlines(True)]
    language = files.document(batch, REQUEST)["language"]
    gone = erased(beginning(batch))
    _store(batch, files, lines, gone, language, now)
    if (since := erased(beginning(batch))) != gone:
        _store(batch, files, lines, since, language, now)
    files.delete_uploads(batch)
    return {"missing": 0}


def _store(
    batch: str,
    files: BatchFiles,
    lines: Sequence[bytes],
    gone: Collection[str],
    language: Language,
    now: datetime,
) -> None:
    """Store the files of the results, and then the summary."""
    decided: list[bytes] = []
    refused: list[bytes] = []
    counts = Counter[str]()
    for line in lines:
        row = json.loads(line)
        if row.get("predictionId") in gone:
            refused.append(json.dumps(erased_row(row["row"], language)).encode() + b"\n")
        elif "errors" in row:
            refused.append(line)
        else:
            decided.append(line)
            counts[row["decision"]] += 1
    files.put_bytes(batch, DECISIONS, b"".join(decided))
    files.put_bytes(batch, REFUSALS, b"".join(refused))
    rows = {"total": len(decided) + len(refused), "decided": len(decided), "refused": len(refused)}
    summary = {"state": "DONE", "rows": rows, "decisions": counts, "endedAt": written(now)}
    files.put(batch, SUMMARY, summary)
