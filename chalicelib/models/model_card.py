"""Card of a model: the facts in the card.html of its artifact, as training wrote them.

An artifact may bring anything under this name, so its facts are parsed before anybody sees them.
"""

import re
from typing import Any

import msgspec

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.models import artifact

MEMBER = "card.html"
LARGEST_CARD = 2 * 2**20
FACTS = re.compile(rb'<script type="application/json" id="facts">(.*?)</script>', re.DOTALL)

Figure = float | int | None


class Period(msgspec.Struct, frozen=True):
    """Loans of a time, as training counted them."""

    rows: int
    bads: int
    start: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class Window(msgspec.Struct, frozen=True):
    start: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class CardFeature(msgspec.Struct, frozen=True):
    """An input: the direction it may have, how far it moved, and whether the model reads it."""

    name: str
    monotone: int
    csi: Figure
    read: bool = True


class Direction(msgspec.Struct, frozen=True):
    """Checked steps of a feature, and how many of them went the wrong way."""

    name: str
    steps: int
    broken: int


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """Loans of a quarter, or with one value of an attribute."""

    rows: int
    bads: int
    observed: Figure
    expected: Figure
    approved: Figure
    auc: Figure
    value: str | float | int | None = None
    vintage: str | None = None
    part: str | None = None


class Proxy(msgspec.Struct, frozen=True):
    """The AUC with which the model's inputs tell a protected attribute."""

    attribute: str
    value: str | float | int | None
    auc: Figure


class Limit(msgspec.Struct, frozen=True):
    es: str
    en: str


class Card(msgspec.Struct, frozen=True, rename="camel"):
    """The facts that a page shows; plots and other parts stay in the artifact."""

    model: str
    version: str
    method: str
    snapshot: str
    window: Window
    rows: int
    bads: int
    calibration: Period
    holdout: Period
    metrics: dict[str, Figure]
    approve_from: Figure
    psi: Figure
    features: list[CardFeature]
    monotone: list[Direction]
    vintages: list[Group]
    groups: dict[str, list[Group]]
    proxies: list[Proxy]
    protected: list[str]
    outcome_months: int | None = None
    limits: list[Limit] = []
    intervals: dict[str, tuple[Figure, Figure]] = {}


def card_of(body: bytes) -> dict[str, Any] | None:
    """Return the facts of an artifact's card; None without a card that can be read."""
    try:
        page = dict(artifact.members(body)).get(MEMBER, b"")
        found = FACTS.search(page) if len(page) <= LARGEST_CARD else None
        card = msgspec.json.decode(found[1], type=Card) if found else None
    except (InvalidArtifact, msgspec.MsgspecError, RecursionError):
        return None
    shown: dict[str, Any] = msgspec.to_builtins(card)
    return shown if card else None
