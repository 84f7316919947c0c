"""Replaced symbols of botocore's connections."""

from collections.abc import Callable

from localcloud.iam.authorization import Authorization
from localcloud.ports import presigned, read_timeouts
from localcloud.seam import Replaced


def replaced(address: Callable[[], str], authorization: Authorization) -> list[Replaced]:
    """Return the symbols. `address` is that of the port that speaks AWS."""
    return [
        Replaced(
            "botocore.endpoint:Endpoint",
            "_do_get_response",
            "(self, request, operation_model, context)",
            read_timeouts.honoured,
            "moto answers in the caller's thread, and no read time-out of a client ends its wait",
        ),
        Replaced(
            "botocore.signers:RequestSigner",
            "generate_presigned_url",
            "(self, request_dict, operation_name, expires_in, region_name, signing_name)",
            presigned.at_the_port(address, authorization),
            "the address would lead to AWS",
        ),
    ]
