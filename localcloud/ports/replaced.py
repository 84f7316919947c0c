"""Replaced symbols of botocore's connections."""

from localcloud.ports import read_timeouts
from localcloud.seam import Replaced


def replaced() -> list[Replaced]:
    return [
        Replaced(
            "botocore.endpoint:Endpoint",
            "_do_get_response",
            "(self, request, operation_model, context)",
            read_timeouts.honoured,
            "moto answers in the caller's thread, and no read time-out of a client ends its wait",
        ),
    ]
