"""The function closeBatch: the results of all chunks in one file, and the summary."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from chalicelib.decisions.intake.batches.batch_files import (
    DECISIONS,
    INDEX,
    REFUSALS,
    SUMMARY,
    BatchFiles,
)
from chalicelib.decisions.intake.batches.batch_ids import written

Document = dict[str, Any]

READERS = 16  # at once; a result is 30 KB


def close(batch: str, files: BatchFiles, now: datetime) -> Document:
    """Store the decisions, the refused rows and the summary of a batch, delete what the caller
    sent, and return how many chunks are missing: with any, nothing is stored or deleted.
    """
    results, expected = files.results(batch), files.document(batch, INDEX)["chunks"]
    if missing := expected - len(results):
        return {"missing": missing}
    keys = [results[number].key for number in sorted(results)]
    decided: list[bytes] = []
    refused: list[bytes] = []
    counts = Counter[str]()
    with ThreadPoolExecutor(READERS) as readers:
        for body in readers.map(files.body, keys):
            for line in body.splitlines(keepends=True):
                row = json.loads(line)
                (refused if "errors" in row else decided).append(line)
                counts.update([row["decision"]] if "decision" in row else [])
    files.put_bytes(batch, DECISIONS, b"".join(decided))
    files.put_bytes(batch, REFUSALS, b"".join(refused))
    rows = {"total": len(decided) + len(refused), "decided": len(decided), "refused": len(refused)}
    summary = {"state": "DONE", "rows": rows, "decisions": counts, "endedAt": written(now)}
    files.put(batch, SUMMARY, summary)
    files.delete_uploads(batch)
    return {"missing": 0}
