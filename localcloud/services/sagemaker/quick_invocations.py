"""InvokeEndpoint of a function, for an endpoint that has a model behind it."""

import io
from collections.abc import Mapping
from typing import Any

from botocore.response import StreamingBody

from localcloud.iam.authorization import Authorization, NotAuthorized
from localcloud.ports.quick_calls import Quick, Usual, answered, in_time
from localcloud.services.sagemaker.endpoint_requests import model_error
from localcloud.services.sagemaker.hosted_endpoints import Endpoints, NotLoaded
from localcloud.services.sagemaker.model_process import InvocationFailed, ModelAnswer
from localcloud.services.sagemaker.serverless_concurrency import Throttled

ASKED = {"EndpointName", "ContentType", "Accept", "Body"}
BODY_BYTES = 4_000_000  # SageMaker's own limit of a serverless endpoint is 4 MB
HTTP_FAILED_DEPENDENCY = 424


def quick_invocations(endpoints: Endpoints, authorization: Authorization) -> Quick:
    """Return the call. A refusal takes the usual way, as no model was asked."""

    def invoke(client: Any, asked: Mapping[str, Any], usual: Usual) -> Any:
        endpoint = _endpoint(asked, endpoints)
        if endpoint is None or not _is_permitted(authorization, endpoint):
            return usual()

        def ask() -> ModelAnswer:
            with endpoints.concurrency.invocation(endpoint):
                return endpoints.invoke(
                    endpoint.endpoint_name, asked["Body"], asked["ContentType"], asked["Accept"]
                )

        try:
            said = in_time(client, ask)
        except (Throttled, NotLoaded):
            return usual()
        except InvocationFailed as failed:
            raise _model_error(client, endpoint, str(failed)) from failed
        return answered(
            {
                "Body": StreamingBody(io.BytesIO(said.body), len(said.body)),
                "ContentType": said.content_type,
                "InvokedProductionVariant": endpoint.production_variants[0]["VariantName"],
            }
        )

    return invoke


def _endpoint(asked: Mapping[str, Any], endpoints: Endpoints) -> Any:
    """Return the endpoint of a plain request, else None."""
    if asked.keys() != ASKED or type(asked["Body"]) is not bytes:
        return None
    if not 0 < len(asked["Body"]) < BODY_BYTES:
        return None
    return endpoints.records.get(asked["EndpointName"])


def _is_permitted(authorization: Authorization, endpoint: Any) -> bool:
    try:
        # SageMaker writes names in lower case in ARNs.
        authorization.require("sagemaker:InvokeEndpoint", endpoint.arn.lower())
    except NotAuthorized:
        return False
    return True


def _model_error(client: Any, endpoint: Any, message: str) -> Exception:
    """Return what boto3 makes of the usual way's answer."""
    said = model_error(endpoint, message)
    parsed = {
        "Error": {"Code": "ModelError", "Message": said["Message"]},
        **said,
        "ResponseMetadata": {"HTTPStatusCode": HTTP_FAILED_DEPENDENCY, "HTTPHeaders": {}},
    }
    error: Exception = client.exceptions.ModelError(parsed, "InvokeEndpoint")
    return error
