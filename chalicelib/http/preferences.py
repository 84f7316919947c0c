"""Preferences of a request, in its header Prefer: https://www.rfc-editor.org/rfc/rfc7240."""

import re
from collections.abc import Iterable, Iterator

RESPOND_ASYNC = "respond-async"
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BETWEEN_COMMAS = re.compile(rf'(?:{_QUOTED}|[^,"])+')
_PREFERENCE = re.compile(rf"[ \t]*({_WORD})[ \t]*(?:=[ \t]*({_QUOTED}|{_WORD})?)?[ \t]*(?:;.*)?")


def prefers(name: str, headers: Iterable[str]) -> bool:
    """Return whether the headers have a preference that takes no value, such as respond-async.

    What is no preference is ignored, as RFC 7240 asks for. Of two of one name, the first counts.
    """
    found = (value for known, value in _preferences(headers) if known == name)
    return next(found, None) == ""


def _preferences(headers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each preference's name and value. No value is an empty one."""
    for header in headers:
        for part in _BETWEEN_COMMAS.findall(header):
            if found := _PREFERENCE.fullmatch(part):
                yield found[1].lower(), (found[2] or "").strip('"')
