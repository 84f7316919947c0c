"""Files of outcomes from real data, as a bank would drop them under credit/newData/."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from datasets import Case, Dataset, NoLoans

COLUMNS = ("clientId", "predictionId", "outcome", "when", "granted")


GRANTED = ("APPROVE", "REVIEW")


def of_loans(dataset: Dataset, first: str, last: str) -> str:
    """Return the loans of these months and their outcomes as CSV. Raises NoLoans."""
    until = pd.Timestamp(last) + pd.offsets.MonthEnd(0)
    found = dataset.later(pd.Timestamp(first), until)
    if found.empty:
        raise NoLoans(
            f"There are no loans with an outcome from {first} to {last}: take other months. "
            "The register goes to 2007-12, its sample in tests/data to 2006-03."
        )
    text: str = found.to_csv(index=False)
    return text


def of_decisions(dataset: Dataset, pages: Iterable[Any], today: date) -> str:
    """Return the real outcomes of the loans that `python -m bank application` shows, for each
    stored decision on one of them. All of the register's loans were granted; an application that
    we decline is no loan of ours. Dates count from the decision, and end today.
    """
    known = {case["clientId"]: case for case in dataset.cases() if case["defaulted"] is not None}
    rows = [
        _row(item, known[item["clientId"]["S"]], today)
        for page in pages
        for item in page["Items"]
        if item.get("decision", {}).get("S") in GRANTED and item["clientId"]["S"] in known
    ]
    if not rows:
        raise NoLoans(
            "No approved or reviewed decision is stored for a loan of "
            "`python -m bank application`: send one to POST /predict first."
        )
    text: str = pd.DataFrame(sorted(rows), columns=COLUMNS).to_csv(index=False)
    return text


def _row(item: dict[str, Any], case: Case, today: date) -> tuple[str, ...]:
    """Return a row of the file.

    `defaulted` is within the months of the profile; later defaults have an age, too.
    """
    decided = date.fromisoformat(item["createdAt"]["S"][:10])
    days = case["default_days"]
    when = today if days is None else min(decided + timedelta(days=days), today)
    outcome = "paid" if days is None and not case["defaulted"] else "defaulted"
    ids = item["clientId"]["S"], item["predictionId"]["S"]
    return *ids, outcome, when.isoformat(), decided.isoformat()
