"""Comparison of an answer with the one expected: the decision and each probability. Pure."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

TOLERANCE = 1e-9  # of a probability: the last digits are the processor's


def fault(status: int, body: bytes, expected: Mapping[str, Any]) -> str:
    """Return why the answer is not the expected one; empty if it is."""
    if status != 200:
        return f"{status}: {body[:200].decode(errors='replace')}"
    try:
        answer = json.loads(body)
    except ValueError:
        return f"no JSON: {body[:200]!r}"
    return "; ".join(_differences(unwrapped(answer), expected))


def unwrapped(answer: Any) -> Any:
    """Return the one prediction: MLflow answers with a list of them."""
    return answer["predictions"][0] if "predictions" in answer else answer


def _differences(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Yield each value that is not the expected one.

    >>> [*_differences({"p": 0.1, "d": "REVIEW"}, {"p": 0.1 + 1e-12, "d": "APPROVE"})]
    ["d is 'REVIEW' instead of 'APPROVE'"]
    """
    for name, value in expected.items():
        found = answer.get(name)
        if isinstance(value, Mapping):
            yield from _differences(found if isinstance(found, Mapping) else {}, value)
        elif not _is_equal(found, value):
            yield f"{name} is {found!r} instead of {value!r}"


def _is_equal(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(found, expected, rel_tol=0, abs_tol=TOLERANCE)
    return bool(found == expected)
