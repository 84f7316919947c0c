"""Members of a request's body, as people read their names and as programs find them."""

from typing import Self


class BodyMember(str):
    """A member below the top: `application.zip`, whose JSON Pointer is `#/application/zip`.

    A name may have dots itself, so the pointer is no matter of the text:

    >>> BodyMember("application", "a.b"), BodyMember("application", "a.b").pointer
    ('application.a.b', '#/application/a.b')
    """

    __slots__ = ("pointer",)
    pointer: str

    def __new__(cls, *path: str) -> Self:
        member = super().__new__(cls, ".".join(path))
        member.pointer = "#" + "".join(f"/{_escaped(name)}" for name in path)
        return member


def pointer_of(name: str) -> str:
    """Return the JSON Pointer of a field, as RFC 9457 writes it; `body` is the whole body.

    https://www.rfc-editor.org/rfc/rfc6901#section-6

    >>> pointer_of("clientId"), pointer_of("a/b~"), pointer_of("body")
    ('#/clientId', '#/a~1b~0', '#')
    """
    if isinstance(name, BodyMember):
        return name.pointer
    return "#" if name == "body" else BodyMember(name).pointer


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
