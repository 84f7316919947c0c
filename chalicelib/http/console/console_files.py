"""Files of the console, as a browser gets them. All are text: API Gateway needs no binary types.

A file's name changes with its content, so that a browser may keep it.
"""

import gzip
import hashlib
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.people import sign_in_place
from chalicelib.people.sign_in_place import SignInPlace

FOLDER = Path(__file__).parent
PARTS = {
    "console.js": "text/javascript; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src {hosts}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def files() -> dict[str, tuple[str, str]]:
    """Return the text and the media type of each file, by the name that a browser asks for."""
    found = {}
    for part, kind in PARTS.items():
        packed = FOLDER / f"{part}.gz"
        body = gzip.decompress(packed.read_bytes())
        stem, _, ending = part.partition(".")
        found[f"{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{ending}"] = (body.decode(), kind)
    return found


def page(place: SignInPlace | None) -> str:
    """Return the page, which names the files relative to itself, as API Gateway puts its stage
    before each path, and says where people sign in.
    """
    named = {name.partition("-")[0] + Path(name).suffix: name for name in files()}
    return _template().format(
        script=named["console.js"],
        style=named["console.css"],
        licences=named["LICENSES.txt"],
        sign_in=escape(sign_in_place.written(place) if place else ""),
    )


def policy(place: SignInPlace | None) -> str:
    """Return the page's content security policy: it asks this API, the user pool's domain, and the
    buckets that take files, and runs nothing of its own.
    """
    others = (place.authority, place.uploads, place.artifacts) if place else ()
    hosts = [f"{one.scheme}://{one.netloc}" for one in map(urlsplit, others) if one.netloc]
    return POLICY.format(hosts=" ".join(["'self'", *dict.fromkeys(hosts)]))


@cache
def _template() -> str:
    return (FOLDER / "page.html").read_text(encoding="utf-8")
