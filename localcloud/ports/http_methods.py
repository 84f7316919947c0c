"""HTTP methods that no operation of the service that was asked has: refused before moto sees them,
which answers some as if they were another, and others with a fault.
"""

from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_service_model

from localcloud.iam.signatures import UNKNOWN_OPERATION, error_of, service_of

Application = Callable[..., Iterable[bytes]]

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
NOT_ALLOWED = ("MethodNotAllowed", "The specified method is not allowed against this resource.")
UNKNOWN = (UNKNOWN_OPERATION, "The service has no such operation.")
# The services whose name in a signature is not botocore's.
SIGNED_AS = {
    "monitoring": ("cloudwatch",),
    "sagemaker": ("sagemaker", "sagemaker-runtime"),
    "servicequotas": ("service-quotas",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
}
PREFLIGHT = "OPTIONS"  # which browsers send to S3, without a signature


def known_methods(application: Application) -> Application:
    """Return `application` behind the refusal of methods that the service never takes."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        service, method = service_of(environ), environ["REQUEST_METHOD"]
        taken = _methods(service)
        if not taken or method in taken:
            return application(environ, start_response)
        s3 = service == "s3"
        status = HTTPStatus.METHOD_NOT_ALLOWED if s3 else HTTPStatus.NOT_FOUND
        kind, body = error_of(environ, *(NOT_ALLOWED if s3 else UNKNOWN))
        headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return guarded


@cache
def _methods(signed_as: str) -> frozenset[str]:
    """Return the methods of a service's operations; none of a service that botocore lacks."""
    methods: set[str] = {PREFLIGHT} if signed_as == "s3" else set()
    for name in SIGNED_AS.get(signed_as, (signed_as,)):
        try:
            model = get_service_model(name)
        except UnknownServiceError:
            return frozenset()
        methods |= {model.operation_model(one).http["method"] for one in model.operation_names}
        if model.protocol == "query":
            methods.add("GET")  # a query may be in the address
    return frozenset(methods)
