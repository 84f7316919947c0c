"""Replaced symbols of the seam before dispatch."""

from localcloud.seam import Replaced
from localcloud.strictness import before_dispatch


def replaced() -> list[Replaced]:
    return [
        Replaced(
            "moto.core.responses:BaseResponse",
            "setup_class",
            "(self, request, full_url, headers, use_raw_body)",
            before_dispatch.before_dispatch,
            "moto takes what AWS refuses: names, lengths, patterns, sizes",
        ),
    ]
