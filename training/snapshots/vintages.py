"""The decision log by month of decision: how many, and what became of those that have matured."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

Facts = dict[str, Any]
Ended = dict[tuple[str, str], tuple[int, int, float]]  # matured, bads, mean probability of default
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


def vintages(
    as_of: str, counts: Counts, last_day: Facts, rows: pd.DataFrame, defaults: pd.DataFrame
) -> Facts:
    """Return the default rate of each vintage.

    `rows` are the decisions with a label: decidedOn, decision, expected and bad. `defaults` are the
    approved loans that are known to have defaulted, also those that have not matured: decidedOn
    and toldWhen.
    """
    months = rows["decidedOn"].dt.strftime("%Y-%m")
    ended: Ended = {
        (str(month), str(kind)): (len(one), int(one["bad"].sum()), one["expected"].mean())
        for (month, kind), one in rows.groupby([months, rows["decision"]])
    }
    ages = ages_of(defaults).groupby(defaults["decidedOn"].dt.strftime("%Y-%m")).apply(list)
    return {
        "asOf": as_of,
        "lastDay": last_day,
        "months": [
            _month(month, counts[month], ended)
            | {"approvedDefaults": curve(ages.get(month, []), observed(month, as_of))}
            for month in sorted(counts)
            if any(counts[month].values())
        ],
    }


def ages_of(defaults: pd.DataFrame) -> pd.Series:
    """Return the month of its life, from 1 on, in which each loan defaulted."""
    begun, ended = defaults["decidedOn"].dt, defaults["toldWhen"].dt
    whole = 12 * (ended.year - begun.year) + ended.month - begun.month
    return (whole + (ended.day > begun.day)).clip(lower=1).astype(int)


def observed(month: str, as_of: str) -> int:
    """Return how many whole months each loan of a vintage has lived, the youngest included.

    >>> observed("2026-10", "2026-12-31T03:00:00+00:00"), observed("2026-12", "2026-12-31")
    (1, 0)
    """
    begun, now = (12 * int(one[:4]) + int(one[5:7]) for one in (month, as_of))
    return max(0, now - begun - 1)


def curve(ages: Iterable[int], months: int) -> list[int]:
    """Return how many loans have defaulted by the end of each of their first months of life.

    >>> curve([1, 3, 3, 9], 4)
    [1, 1, 3, 3]
    """
    known = sorted(ages)
    return [sum(age <= month for age in known) for month in range(1, months + 1)]


def _month(month: str, counts: Counter[str], ended: Ended) -> Facts:
    by_kind = {}
    for kind in sorted(kind for kind, count in counts.items() if count):
        matured, bads, expected = ended.get((month, kind), (0, 0, math.nan))
        by_kind[kind] = {
            "decisions": counts[kind],
            "matured": matured,
            "bads": bads,
            "defaultRate": round(bads / matured, 6) if matured else None,
            "expected": None if math.isnan(expected) else round(expected, 6),
        }
    return {
        "month": month,
        "decisions": counts.total(),
        "approved": counts["APPROVE"],
        "matured": sum(one["matured"] for one in by_kind.values()),
        "bads": sum(one["bads"] for one in by_kind.values()),
        "byDecision": by_kind,
    }
