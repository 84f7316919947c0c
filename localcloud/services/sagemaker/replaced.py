"""Replaced symbols of SageMaker's models, endpoints and packages."""

from localcloud.iam.authorization import Authorization
from localcloud.seam import ABSENT, Replaced
from localcloud.services.eventbridge.events import Events
from localcloud.services.sagemaker import endpoint_requests, package_requests
from localcloud.services.sagemaker.hosted_endpoints import Endpoints
from localcloud.services.servicequotas.account_quotas import Quotas

_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"
_RUNTIME = "moto.sagemakerruntime.responses:SageMakerRuntimeResponse"


def replaced(
    endpoints: Endpoints, authorization: Authorization, events: Events, quotas: Quotas
) -> list[Replaced]:
    return [
        Replaced(
            _SAGEMAKER,
            "create_model_package",
            "(self)",
            package_requests.create_model_package,
            "the same ClientToken again is the same package",
        ),
        Replaced(
            _SAGEMAKER,
            "update_model_package",
            "(self)",
            package_requests.update_model_package(events),
            "EventBridge is told of an approval; what a request leaves out stays",
        ),
        Replaced(
            _SAGEMAKER,
            "create_model",
            "(self)",
            endpoint_requests.create_model(authorization),
            "its role must reach the artifact, and the name be new",
        ),
        Replaced(
            _SAGEMAKER,
            "create_endpoint_config",
            "(self)",
            endpoint_requests.create_endpoint_config,
            "the name must be new",
        ),
        Replaced(
            _SAGEMAKER,
            "create_endpoint",
            "(self)",
            endpoint_requests.create_endpoint(endpoints, quotas),
            "moto's endpoints load nothing",
        ),
        Replaced(
            _SAGEMAKER,
            "update_endpoint",
            ABSENT,
            endpoint_requests.update_endpoint(endpoints, quotas),
            "missing",
        ),
        Replaced(
            _SAGEMAKER,
            "delete_endpoint",
            "(self)",
            endpoint_requests.delete_endpoint(endpoints),
            "the worker is stopped",
        ),
        Replaced(
            _RUNTIME,
            "invoke_endpoint",
            "(self)",
            endpoint_requests.invoke_endpoint(endpoints),
            "moto answers the word `body`",
        ),
        Replaced(
            _RUNTIME,
            "use_raw_body",
            "bool",
            lambda _: True,
            "a request to a model may be binary, and is no query string",
        ),
    ]
