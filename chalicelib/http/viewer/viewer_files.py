"""Files of the viewer, as a browser gets them. They are text, so API Gateway needs no binary types.

A file's name changes with its content, so that a browser may keep it.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path

VERSION = "5.35.0"  # of Swagger UI: infrastructure/packing/viewer_package.py has its integrity
FOLDER = Path(__file__).parent
SCRIPT, STYLE = "text/javascript; charset=utf-8", "text/css; charset=utf-8"


@cache
def files() -> dict[str, tuple[str, str]]:
    """Return the place and the media type of each file, by the name that a browser asks for."""
    start = hashlib.sha256((FOLDER / "start.js").read_bytes()).hexdigest()[:12]
    return {
        f"swagger-ui-{VERSION}.js": ("swagger-ui-bundle.js.gz", SCRIPT),
        f"swagger-ui-{VERSION}.css": ("swagger-ui.css.gz", STYLE),
        f"start-{start}.js": ("start.js", SCRIPT),
    }


def text_of(place: str) -> str:
    """Return a file's text; it is packed if its place ends in .gz."""
    content = (FOLDER / place).read_bytes()
    return (gzip.decompress(content) if place.endswith(".gz") else content).decode()


@cache
def page() -> str:
    """Return the page, which names the files. It does so relative to itself: API Gateway puts its
    stage before each path.
    """
    names = {Path(place).name.partition(".")[0]: name for name, (place, _) in files().items()}
    bundle, style, start = names["swagger-ui-bundle"], names["swagger-ui"], names["start"]
    return text_of("page.html").format(bundle=bundle, style=style, start=start)
