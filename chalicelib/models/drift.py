"""Drift of a week's applications and scores from a model's training data. Pure.

The measure is the population stability index over the bins of the artifact's histograms. It is
called PSI for scores and CSI for a feature.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.profile import Drift

Document = dict[str, Any]


class Histogram(msgspec.Struct, frozen=True):
    """Shares of all rows that fall between `edges`, or that have one of the commonest `values`."""

    shares: tuple[float, ...]
    missing: float
    edges: tuple[float, ...] | None = None
    values: tuple[str, ...] | None = None

    def expected(self) -> tuple[float, ...]:
        """Return the share of each bin, then of other values, then of missing ones."""
        other = max(0.0, 1 - math.fsum(self.shares) - self.missing)
        return (*self.shares, other, self.missing)

    def counts(self, found: Iterable[Any]) -> tuple[int, ...]:
        """Return the number of values in each bin of `expected`."""
        places = Counter(map(self._place, found))
        return tuple(places[place] for place in range(len(self.shares) + 2))

    def _place(self, value: Any) -> int:
        if value is None:
            return len(self.shares) + 1
        if self.edges is not None:
            return bisect_left(self.edges, value)
        values = self.values or ()
        return values.index(value) if value in values else len(self.shares)


class Reference(msgspec.Struct, frozen=True):
    """The part of a manifest with histograms of the training rows and of the holdout's scores."""

    version: str
    reference: dict[str, Histogram] = {}
    scores: Histogram | None = None


class Seen(msgspec.Struct, frozen=True):
    """A decision: its application, by model the version and the score, and its rules and basis.

    `skipped` are the models that the applicant's consents left out.
    """

    application: dict[str, Any]
    scores: dict[str, tuple[str, float]]
    basis: str = ""
    rules: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def psi(expected: Sequence[float], counts: Sequence[int]) -> float:
    """Return the population stability index; 0 if the counts have the expected shares.

    Half an application is added to every bin on both sides, so that an empty bin does not make the
    index infinite.

    >>> psi([0.5, 0.5], [50, 50])
    0.0
    >>> round(psi([0.5, 0.5], [80, 20]), 2)
    0.41
    """
    total = sum(counts)
    whole = total + len(counts) / 2
    then = [share * total + 0.5 for share in expected]
    now = [count + 0.5 for count in counts]
    return math.fsum(
        (after - before) / whole * math.log(after / before)
        for before, after in zip(then, now, strict=True)
    )


def compared(
    seen: Sequence[Seen],
    references: Mapping[str, Reference],
    asked_for: Collection[str],
    limits: Drift,
) -> Document:
    """Return by model the index of its score and of its features.

    Derived features, such as the defaults of an applicant's peers, are in no application:
    `notWatched` lists them.
    """
    return {
        model: _of_model(model, seen, reference, asked_for, limits)
        for model, reference in references.items()
    }


def of_policy(seen: Sequence[Seen], before: Document | None, limits: Drift) -> Document:
    """Return how often each rule fired and each basis decided, and the PSI of the bases.

    `before` is the same of the last report; the week that it is about is the reference.
    """
    bases = Counter(one.basis for one in seen)
    rules = Counter(code for one in seen for code in one.rules)
    found: Document = {"bases": dict(sorted(bases.items())), "rules": dict(sorted(rules.items()))}
    then = before["bases"] if before else {}
    decisions = sum(then.values())
    if min(decisions, len(seen)) < limits.fewest:
        return found | {"status": "TOO_FEW"}
    names = sorted({*then, *bases})
    expected = [then.get(name, 0) / decisions for name in names]
    index = psi(expected, [bases[name] for name in names])
    return found | {"status": _status(index, limits), "psi": round(index, 4)}


def _of_model(
    model: str,
    seen: Sequence[Seen],
    reference: Reference,
    asked_for: Collection[str],
    limits: Drift,
) -> Document:
    scored = [one.scores[model] for one in seen if model in one.scores]
    own = [score for version, score in scored if version == reference.version]
    watched = {name: part for name, part in reference.reference.items() if name in asked_for}
    about = [one for one in seen if model not in one.skipped]  # others may lack the features
    return {
        "version": reference.version,
        "score": _measured(reference.scores, own, limits),
        "features": {
            name: _measured(part, [one.application.get(name) for one in about], limits)
            for name, part in watched.items()
        },
        "notWatched": sorted(reference.reference.keys() - watched.keys()),
    }


def _measured(reference: Histogram | None, found: Sequence[Any], limits: Drift) -> Document:
    if reference is None:
        return {"status": "NO_REFERENCE", "decisions": len(found)}
    if len(found) < limits.fewest:
        return {"status": "TOO_FEW", "decisions": len(found)}
    index = psi(reference.expected(), reference.counts(found))
    return {"status": _status(index, limits), "decisions": len(found), "psi": round(index, 4)}


def _status(index: float, limits: Drift) -> str:
    if index > limits.psi_limit:
        return "DRIFTED"
    return "WATCH" if index > limits.psi_watch else "STABLE"


def drifted(models: Mapping[str, Document]) -> list[tuple[str, str, float]]:
    """Return (model, `score` or a feature's name, index) for each index above the limit."""
    return [
        (model, name, part["psi"])
        for model, found in models.items()
        for name, part in (("score", found["score"]), *found["features"].items())
        if part["status"] == "DRIFTED"
    ]
