"""Rows of a file by the consents that their applicants gave: the column `consents`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from chalicelib.profile import Profile
from training.batch_scoring.batch import Batch
from training.serving.inference import Model

CONSENTS = "consents"  # names, separated by spaces or commas; without the column, none is given


@dataclass(frozen=True)
class Group:
    """The rows whose applicants gave the same consents; `unknown` are names that no model needs."""

    places: list[int]
    given: frozenset[str]
    unknown: frozenset[str]


def groups(rows: pa.RecordBatch, deployed: Profile) -> Iterator[Group]:
    """Yield the rows by their consents; without rows, one group without any."""
    known, of = {*deployed.consents().values()}, defaultdict[str, list[int]](list)
    for place, text in enumerate(_texts(rows)):
        of[text].append(place)
    for text, places in of.items() or [("", [])]:
        names = {*text.replace(",", " ").split()}
        yield Group(places, frozenset(names & known), frozenset(names - known))


def _texts(rows: pa.RecordBatch) -> Iterable[str]:
    if CONSENTS not in rows.schema.names:
        return [""] * rows.num_rows
    return (str(value or "") for value in rows.column(CONSENTS).to_pylist())


def batches(loaded: Sequence[Model], deployed: Profile) -> Callable[[frozenset[str]], Batch]:
    """Return a function that gives the models that may be asked under these consents."""

    @cache
    def of(given: frozenset[str]) -> Batch:
        skipped = deployed.without_consent(given)
        return Batch([model for model in loaded if model.name not in skipped])

    return of
