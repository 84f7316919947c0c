"""The inside of an uploaded function's process: python -I -S uploaded_worker.py PACKAGE RUNTIME
HANDLER. It stands alone: nothing of the repository can be imported here.
"""

import importlib
import json
import os
import sys
import time
import traceback
from types import SimpleNamespace
from typing import Any, TextIO


def context_of(shown: dict[str, Any], seconds: float) -> SimpleNamespace:
    deadline = time.monotonic() + seconds

    def remaining() -> int:
        return max(0, int((deadline - time.monotonic()) * 1000))

    return SimpleNamespace(**shown, get_remaining_time_in_millis=remaining)


def answer_to(handler: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        result = handler(request["event"], context_of(request["context"], request["seconds"]))
        return {"result": json.loads(json.dumps(result))}
    except Exception as error:  # noqa: BLE001 - the Lambda boundary: whatever was raised is the answer
        traceback.print_exc()
        return {"error": {"type": type(error).__name__, "message": str(error)}}


def serve(package: str, runtime: str, handler: str, answers: TextIO) -> None:
    sys.path[:0] = [package, runtime]
    sys.dont_write_bytecode = True
    module, _, name = handler.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        print(json.dumps(answer_to(found, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    # what the function prints is its log, and must not be taken for an answer
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        serve(sys.argv[1], sys.argv[2], sys.argv[3], answers)
