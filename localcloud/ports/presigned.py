"""Presigned addresses lead to the port that speaks AWS: nothing here answers for AWS's hosts."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from localcloud.iam.authorization import Authorization

OF_OBJECTS = ("GetObject", "PutObject")


def at_the_port(address: Callable[[], str], authorization: Authorization) -> Callable[[Any], Any]:
    """Replace botocore's RequestSigner.generate_presigned_url. `address` is that of the port.

    A bucket in the host's name becomes the first part of the path, and the signature is that of the
    port. Who follows the address has the permissions of its signer, which are used here.
    """

    def replace(original: Any) -> Any:
        def generate(
            self: Any, request_dict: dict[str, Any], operation_name: str, *args: Any, **more: Any
        ) -> str:
            asked = urlsplit(request_dict["url"])
            bucket, mark, _ = asked.netloc.partition(".s3.")
            path = f"/{bucket}{asked.path}" if mark else asked.path
            if operation_name in OF_OBJECTS:
                authorization.note(f"s3:{operation_name}", f"arn:aws:s3:::{unquote(path[1:])}")
            at_the_port = urlsplit(address())._replace(path=path, query=asked.query).geturl()
            here = request_dict | {"url": at_the_port}
            url: str = original(self, here, operation_name, *args, **more)
            return url

        return generate

    return replace
