"""SageMaker's requests for models and endpoints, where moto's answers are made up."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.exceptions import ClientError
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpoint

from localcloud.iam.authorization import Authorization, NotAuthorized
from localcloud.services.sagemaker.artifacts import bucket_and_key
from localcloud.services.sagemaker.hosted_endpoints import Endpoints, NotLoaded
from localcloud.services.sagemaker.model_process import InvocationFailed, ModelAnswer
from localcloud.services.sagemaker.serverless_concurrency import Throttled
from localcloud.services.sagemaker.traffic import shifting
from localcloud.services.servicequotas.account_quotas import Quotas

log = logging.getLogger("localcloud")


def create_model(authorization: Authorization) -> Callable[[Any], Any]:
    """Replace moto's action, which takes any ModelDataUrl and any name twice."""

    def replace(original: Any) -> Any:
        def create(self: Any) -> Any:
            _refuse_what_cannot_serve(self, authorization)
            answer = original(self)
            model = self.sagemaker_backend._models[self._get_param("ModelName")]
            model.enable_network_isolation = bool(self._get_param("EnableNetworkIsolation"))
            return answer

        return create

    return replace


def _refuse_what_cannot_serve(request: Any, authorization: Authorization) -> None:
    container = request._get_param("PrimaryContainer")
    existing = request.sagemaker_backend._models.get(request._get_param("ModelName"))
    if existing:
        raise ValidationError(f'Cannot create already existing model "{existing.arn}".')
    if not container or not container.get("ModelDataUrl"):
        raise ValidationError(
            "The embedded cloud serves a PrimaryContainer with a ModelDataUrl; give the model both"
        )
    bucket, key = bucket_and_key(container["ModelDataUrl"])
    s3, role = (
        boto3.client("s3", region_name=request.region),
        request._get_param("ExecutionRoleArn"),
    )
    if not role:
        raise ValidationError(
            "The embedded cloud reads a model's artifact under its role; give the model an "
            "ExecutionRoleArn"
        )
    try:
        with authorization.acting_as(role, "sagemaker", "endpoint"):
            s3.head_object(Bucket=bucket, Key=key)
    except (ClientError, NotAuthorized) as error:
        raise ValidationError(
            f"Could not find model data at {container['ModelDataUrl']}: {error}"
        ) from error


def create_endpoint_config(original: Any) -> Any:
    """Replace moto's action, which overwrites a configuration of the same name."""

    def create(self: Any) -> Any:
        name = self._get_param("EndpointConfigName")
        existing = self.sagemaker_backend.endpoint_configs.get(name)
        if existing:
            raise ValidationError(
                "Cannot create already existing endpoint configuration "
                f'"{existing.endpoint_config_arn}".'
            )
        if len(self._get_param("ProductionVariants") or []) != 1:
            raise ValidationError("The embedded cloud serves one production variant an endpoint.")
        return original(self)

    return create


def create_endpoint(endpoints: Endpoints, quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's action, whose endpoints are InService at once with nothing behind them."""

    def replace(original: Any) -> Any:
        def create(self: Any) -> Any:
            name = self._get_param("EndpointName")
            existing = endpoints.records.get(name)
            if existing:
                raise ValidationError(f'Cannot create already existing endpoint "{existing.arn}".')
            with quotas.for_endpoint(name, self._get_param("EndpointConfigName")):
                answer = original(self)
                endpoint = endpoints.records[name]
                endpoints.deploy(endpoint, endpoint.endpoint_config_name, "Creating")
            return answer

        return create

    return replace


def update_endpoint(endpoints: Endpoints, quotas: Quotas) -> Callable[[None], Any]:
    """Replace moto's SageMakerResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def update(self: Any) -> Any:
            endpoint = _settled(endpoints, self, "update")
            if endpoint.endpoint_status == "Failed":
                raise ValidationError(
                    f'Cannot update endpoint "{endpoint.arn}" in status Failed; delete it and '
                    "create it again."
                )
            config_name = self._get_param("EndpointConfigName")
            self.sagemaker_backend.describe_endpoint_config(config_name)  # says if there is none
            # AWS needs the configuration that it has, too:
            # https://github.com/hashicorp/terraform-provider-aws/issues/40048
            self.sagemaker_backend.describe_endpoint_config(endpoint.endpoint_config_name)
            before = self.sagemaker_backend.endpoint_configs[endpoint.endpoint_config_name]
            moving = shifting(self._get_param("DeploymentConfig"), before.production_variants[0])
            with quotas.for_endpoint(endpoint.endpoint_name, config_name):
                endpoints.deploy(endpoint, config_name, "Updating", moving)
            return ActionResult({"EndpointArn": endpoint.arn})

        return update

    return replace


def delete_endpoint(endpoints: Endpoints) -> Callable[[Any], Any]:
    """Replace moto's action, which has no worker to stop."""

    def replace(original: Any) -> Any:
        def delete(self: Any) -> Any:
            endpoint = _settled(endpoints, self, "delete")
            answer = original(self)
            endpoints.remove(endpoint.endpoint_name)
            return answer

        return delete

    return replace


def invoke_endpoint(endpoints: Endpoints) -> Callable[[Any], Any]:
    """Replace moto's action, which answers the word `body`."""

    def replace(original: Any) -> Any:
        def invoke(self: Any) -> tuple[int, dict[str, Any], bytes | str]:
            name = unquote(self.path.split("/")[2])
            endpoint = endpoints.records.get(name)
            if endpoint is None:
                account = self.current_account
                return _refusal(
                    400, "ValidationError", f"Endpoint {name} of account {account} not found."
                )
            content_type = self.headers.get("Content-Type") or "application/octet-stream"
            accept = self.headers.get("Accept") or content_type
            try:
                with endpoints.concurrency.invocation(endpoint):
                    answer = endpoints.invoke(name, self.body, content_type, accept)
            except Throttled:
                return _throttled()
            except InvocationFailed as error:
                said = model_error(endpoint, str(error))
                return _refusal(424, "ModelError", said.pop("Message"), **said)
            except NotLoaded:
                return _not_loaded(endpoint)
            return 200, _answered(endpoint, answer), answer.body

        return invoke

    return replace


def _answered(endpoint: Any, answer: ModelAnswer) -> dict[str, Any]:
    variant = endpoint.production_variants[0]["VariantName"]
    return {
        "Content-Type": answer.content_type,
        "x-Amzn-Invoked-Production-Variant": variant,
    }


def _not_loaded(endpoint: Any) -> tuple[int, dict[str, Any], str]:
    if endpoint.endpoint_status == "Creating":
        return _refusal(
            429, "ModelNotReadyException", f"Endpoint {endpoint.endpoint_name} is being created."
        )
    return _refusal(
        400,
        "ValidationError",
        f"Endpoint {endpoint.endpoint_name} is not InService: {endpoint.failure_reason}",
    )


def model_error(endpoint: Any, message: str) -> dict[str, Any]:
    """Return the body of the answer to an invocation that the model failed, and log it."""
    log.warning("endpoint %s: %s", endpoint.endpoint_name, message)
    text = f'Received server error (500) from primary with message "{message}".'
    return {"Message": text, "OriginalStatusCode": 500, "OriginalMessage": message}


def _throttled() -> tuple[int, dict[str, Any], str]:
    """Answer as AWS does, with status 400 and without a message.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html, which callers saw:
    https://github.com/opensearch-project/ml-commons/issues/2429 and, of a serverless endpoint,
    https://github.com/ManuLasker/sagemaker-serverless-inference
    """
    return _refusal(400, "ThrottlingException", None)


def _refusal(
    status: int, code: str, message: str | None, **more: Any
) -> tuple[int, dict[str, Any], str]:
    headers = {"status": status, "x-amzn-ErrorType": code, "Content-Type": "application/json"}
    # moto reads the status from the headers
    return status, headers, json.dumps({"Message": message, "message": message, **more})


def _settled(endpoints: Endpoints, request: Any, verb: str) -> Any:
    name = request._get_param("EndpointName")
    endpoint = endpoints.records.get(name)
    if endpoint is None:
        arn = FakeEndpoint.arn_formatter(name, request.current_account, request.region)
        raise ValidationError(f'Could not find endpoint "{arn}".')
    if endpoint.endpoint_status in ("Creating", "Updating"):
        raise ValidationError(f'Cannot {verb} in-progress endpoint "{endpoint.arn}".')
    return endpoint
