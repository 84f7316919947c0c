"""[features] of credit.toml: the columns that an application brings or that are derived."""

from typing import Any, Literal

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table


class Derivation(Table, frozen=True):
    """Exactly one of ratio, prefix (with length) and peers (with what is measured of them)."""

    ratio: tuple[str, str] | None = None
    prefix: str | None = None
    length: int | None = None
    peers: tuple[str, ...] | None = None
    measure: Literal["intensity", "volume"] = "intensity"

    def rule(self) -> dict[str, Any]:
        """Return what is stated, as credit.toml and an artifact's features.json have it."""
        stated = msgspec.to_builtins(self).items()
        return {name: value for name, value in stated if value not in (None, "intensity")}

    def sources(self) -> tuple[str, ...]:
        return self.ratio or self.peers or ((self.prefix,) if self.prefix else ())


class Actionable(Table, frozen=True):
    """Range or values to which an applicant can change a feature.

    The feature's own bounds hold, too.
    """

    direction: Literal["increase", "decrease"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str | float, ...] = ()


class Feature(Table, frozen=True):
    type: Literal["number", "integer", "category", "code"]
    title: Text
    reason: Text
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    pattern: str | None = None
    format: Text | None = None  # the pattern, in words
    required: bool = False
    monotone: Literal["increasing", "decreasing"] | None = None
    protected: bool = False
    actionable: bool | Actionable = False
    derive: Derivation | None = None

    @property
    def change(self) -> Actionable | None:
        """The applicant's possible changes of the feature."""
        if isinstance(self.actionable, Actionable):
            return self.actionable
        return Actionable() if self.actionable else None

    @property
    def is_number(self) -> bool:
        return self.type in ("number", "integer")
