"""Texts in Spanish and English."""

import re
from typing import Any, Literal

import msgspec

Language = Literal["es", "en"]
WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
LANGUAGES: tuple[Language, ...] = ("es", "en")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence or name, in Spanish and in English."""

    es: str
    en: str

    def said_in(self, language: Language) -> str:
        return self.en if language == "en" else self.es

    def bilingual(self) -> str:
        """Return both languages, for an answer whose reader's language is unknown."""
        return f"{self.es} / {self.en}"

    def format(self, **values: Any) -> "Text":
        """Return the text with its places filled; a value that is a Text is filled in each
        language.
        """
        spanish, english = (
            {name: value.said_in(language) if isinstance(value, Text) else value
             for name, value in values.items()}
            for language in LANGUAGES
        )  # fmt: skip
        return Text(self.es.format(**spanish), self.en.format(**english))


def preferred(header: str, default: Language) -> Language:
    """Return the language that an Accept-Language header weighs highest, else the default.

    Of equal weights the first named wins. https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4
    """
    weights: dict[str, float] = {}
    for one in header.lower().split(","):
        name, _, parameter = one.partition(";")
        language = name.strip().partition("-")[0]
        weights[language] = max(_weight(parameter), weights.get(language, 0.0))
    rest = weights.get("*", 0.0)
    ranked: list[Language] = sorted(LANGUAGES, key=[*weights, default, *LANGUAGES].index)
    best = max(ranked, key=lambda language: weights.get(language, rest))
    return best if weights.get(best, rest) > 0 else default


def asks_for(media_type: str, header: str) -> bool:
    """Return whether an Accept header names a media type, with a weight above 0.

    https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
    """
    return _weight_of(media_type, header) > 0


def asks_rather_for(media_type: str, other: str, header: str) -> bool:
    """Return whether an Accept header names a media type with more weight than the other."""
    return _weight_of(media_type, header) > _weight_of(other, header)


def _weight_of(media_type: str, header: str) -> float:
    """Return the weight of a media type that an Accept header names, else 0."""
    ranges = [one.partition(";") for one in header.lower().split(",")]
    named = (_weight(rest) for name, _, rest in ranges if name.strip() == media_type)
    return max(named, default=0.0)


def _weight(parameter: str) -> float:
    """Return the weight q, 0 to 1: 1 without a parameter, 0 for any other parameter."""
    if not parameter.strip():
        return 1.0
    name, _, value = parameter.replace(" ", "").partition("=")
    return float(value) if name == "q" and WEIGHT.fullmatch(value) else 0.0
