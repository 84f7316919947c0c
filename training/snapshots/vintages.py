"""The decision log by month of decision: how many, and what became of those that have matured."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

Facts = dict[str, Any]
Counts = dict[str, Counter[str]]  # of decisions, by month and kind


def counted(
    previous: Facts | None, decided: Iterable[tuple[str, str]], today: str
) -> tuple[Counts, Facts]:
    """Count decisions by month and kind. Return the counts, and today's for the next snapshot.

    `decided` has day and kind from the last day of `previous` on. That day is counted again,
    because it was not over.
    """
    counts: Counts = defaultdict(Counter)
    last: Facts = previous["lastDay"] if previous else {"day": "", "counts": {}}
    for month in previous["months"] if previous else []:
        for kind, of_kind in month["byDecision"].items():
            counts[month["month"]][kind] += of_kind["decisions"]
    counts[last["day"][:7]].subtract(last["counts"])
    of_today: Counter[str] = Counter()
    for day, kind in decided:
        counts[day[:7]][kind] += 1
        of_today[kind] += day == today
    return counts, {"day": today, "counts": dict(sorted(of_today.items()))}


def vintages(as_of: str, counts: Counts, last_day: Facts, rows: pd.DataFrame) -> Facts:
    """Return the default rate of each vintage.

    `rows` are the decisions with a label: decidedOn, decision and bad.
    """
    months = rows["decidedOn"].dt.strftime("%Y-%m")
    ended: dict[tuple[str, str], tuple[int, int]] = {
        (str(month), str(kind)): (len(bad), int(bad.sum()))
        for (month, kind), bad in rows["bad"].groupby([months, rows["decision"]])
    }
    return {
        "asOf": as_of,
        "lastDay": last_day,
        "months": [
            _month(month, counts[month], ended)
            for month in sorted(counts)
            if any(counts[month].values())
        ],
    }


def _month(
    month: str, counts: Counter[str], ended: dict[tuple[str, str], tuple[int, int]]
) -> Facts:
    by_kind = {}
    for kind in sorted(kind for kind, count in counts.items() if count):
        matured, bads = ended.get((month, kind), (0, 0))
        by_kind[kind] = {
            "decisions": counts[kind],
            "matured": matured,
            "bads": bads,
            "defaultRate": round(bads / matured, 6) if matured else None,
        }
    return {
        "month": month,
        "decisions": counts.total(),
        "approved": counts["APPROVE"],
        "matured": sum(one["matured"] for one in by_kind.values()),
        "bads": sum(one["bads"] for one in by_kind.values()),
        "byDecision": by_kind,
    }
