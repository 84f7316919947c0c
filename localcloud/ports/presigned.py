"""Presigned addresses lead to the port that speaks AWS: nothing here answers for AWS's hosts."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from localcloud.iam.authorization import Authorization

OF_OBJECTS = ("GetObject", "PutObject")


def at_the_port(address: Callable[[], str], authorization: Authorization) -> Callable[[Any], Any]:
    """Replace botocore's RequestSigner.generate_presigned_url. `address` is that of the port.

    A bucket in the host's name becomes the first part of the path. Who follows the address has the
    permissions of its signer, which are used here: the port does not verify signatures.
    """

    def replace(original: Any) -> Any:
        def generate(
            self: Any, request_dict: dict[str, Any], operation_name: str, *args: Any, **more: Any
        ) -> str:
            signed = urlsplit(original(self, request_dict, operation_name, *args, **more))
            port = urlsplit(address())
            bucket, mark, _ = signed.netloc.partition(".s3.")
            path = f"/{bucket}{signed.path}" if mark else signed.path
            if operation_name in OF_OBJECTS:
                authorization.note(f"s3:{operation_name}", f"arn:aws:s3:::{unquote(path[1:])}")
            return f"{port.scheme}://{port.netloc}{path}?{signed.query}"

        return generate

    return replace
