"""Content codings of API Gateway: it decompresses what callers send, and compresses answers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
"""

import re
import zlib

from localcloud.ports.framing import LARGEST_BODY
from localcloud.services.apigateway.refused import Refused

CODINGS = {"gzip": 31, "deflate": 15}  # zlib's window bits
LARGEST_MINIMUM = 10_485_760  # bytes, of minimumCompressionSize
_OFFER = re.compile(
    r"[ \t]*([a-z0-9*-]+)[ \t]*(?:;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*"
)


def decompressed(body: bytes, coding: str) -> bytes:
    """Return the body as API Gateway hands it on. Raises Refused."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in CODINGS:
        raise Refused("UNSUPPORTED_MEDIA_TYPE")
    unpacking = zlib.decompressobj(CODINGS[coding])
    try:
        plain = unpacking.decompress(body, LARGEST_BODY)
    except zlib.error as error:
        raise Refused("UNSUPPORTED_MEDIA_TYPE") from error
    if unpacking.unconsumed_tail:
        raise Refused("REQUEST_TOO_LARGE")
    if not unpacking.eof or unpacking.unused_data:
        raise Refused("UNSUPPORTED_MEDIA_TYPE")
    return plain


def compressed(body: bytes, coding: str) -> bytes:
    """Return the body in a coding of CODINGS."""
    packing = zlib.compressobj(wbits=CODINGS[coding])
    return packing.compress(body) + packing.flush()


def coding_of_answer(size: int, minimum: int | None, accepted: str, has_coding: bool) -> str | None:
    """Return the coding in which an answer goes out, or None if it goes as it is.

    `minimum` is the API's minimumCompressionSize and `accepted` the caller's Accept-Encoding.
    """
    if minimum is None or not size or size < minimum or has_coding:
        return None
    return preferred(accepted)


def preferred(accepted: str) -> str | None:
    """Return the coding that the caller wants most, if API Gateway knows it.

    It considers this one alone; of several that are wanted as much, the first:
    https://github.com/awsdocs/amazon-api-gateway-developer-guide/pull/32

    >>> preferred("gzip, deflate, br"), preferred("deflate;q=0.5,gzip;q=1.0")
    ('gzip', 'gzip')
    >>> preferred("br, gzip"), preferred("*"), preferred("gzip;q=high"), preferred("gzip;q=0")
    (None, None, None, None)
    """
    offers = [_OFFER.fullmatch(one) for one in accepted.lower().split(",")]
    weighed = [(one[1], float(one[2] or 1)) for one in offers if one]
    if len(weighed) < len(offers):
        return None
    name, weight = max(weighed, key=lambda one: one[1])
    return name if weight and name in CODINGS else None
