"""[[rules]] of credit.toml: the bank's own policy rules, which stand before the score."""

from typing import Literal

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table

SCORE, PROBABILITY, DISAGREEMENT = "score", "probabilityOfDefault", "disagreement"
DECIDED = (SCORE, PROBABILITY, DISAGREEMENT)  # inputs that the models' answers give

Effect = Literal["APPROVE", "REVIEW", "DECLINE"]


class Condition(Table, frozen=True, omit_defaults=True):
    """Bounds of a number, or values of a text. All that is stated must hold.

    `input` is a feature, `score`, `probabilityOfDefault`, `disagreement`, or one of a model's own:
    `models.<Model>.score`, `models.<Model>.probabilityOfDefault`.
    """

    input: str
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def holds(self, value: float | str) -> bool:
        if isinstance(value, str):
            return value not in self.none_of and (not self.one_of or value in self.one_of)
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


class Computation(Table, frozen=True, omit_defaults=True):
    """A derived feature that rules may read: a ratio, or the first characters of a code."""

    ratio: tuple[str, str] | None = None
    prefix: str | None = None
    length: int | None = None

    def sources(self) -> tuple[str, ...]:
        return self.ratio or ((self.prefix,) if self.prefix else ())


class Rule(Table, frozen=True, omit_defaults=True):
    """A policy rule: it fires if each condition of `all` and one of `any` hold.

    Its text is a part of it: what an applicant read must be found years later.
    """

    code: str
    effect: Effect
    text: Text
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @property
    def inputs(self) -> list[str]:
        """Return each input once, in alphabetical order."""
        return sorted({condition.input for condition in (*self.all, *self.any)})

    def in_order(self) -> "Rule":
        """Return the same rule with its conditions and values in alphabetical order."""
        return msgspec.structs.replace(self, all=_sorted(self.all), any=_sorted(self.any))


def _sorted(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    plain = (
        msgspec.structs.replace(
            one, one_of=tuple(sorted({*one.one_of})), none_of=tuple(sorted({*one.none_of}))
        )
        for one in conditions
    )
    return tuple(sorted(plain, key=msgspec.json.encode))


def of_model(input_name: str) -> str | None:
    """Return the model whose own score or probability this is, if it is one's.

    >>> of_model("models.Tradicional.score"), of_model("models.Tradicional"), of_model("score")
    ('Tradicional', None, None)
    """
    first, _, rest = input_name.partition(".")
    model, _, figure = rest.rpartition(".")
    return model if first == "models" and figure in (SCORE, PROBABILITY) and model else None
