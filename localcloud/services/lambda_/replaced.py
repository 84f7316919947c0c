"""Replaced symbols of AWS Lambda."""

from localcloud.seam import Replaced
from localcloud.services.lambda_ import concurrency, metric_minutes
from localcloud.services.lambda_.function_invocation import in_this_process
from localcloud.services.lambda_.functions import Functions
from localcloud.services.servicequotas.account_quotas import Quotas


def replaced(functions: Functions, quotas: Quotas) -> list[Replaced]:
    return [
        Replaced(
            "moto.awslambda.models:LambdaFunction",
            "invoke",
            "(self, body, request_headers, response_headers)",
            in_this_process(functions),
            "moto runs functions in Docker, and those of events inside the caller's request",
        ),
        Replaced(
            "moto.awslambda.models:LambdaBackend",
            "put_function_concurrency",
            "(self, function_name, reserved_concurrency)",
            concurrency.reserve(quotas),
            "moto reads the quota from a variable, and has none by default",
        ),
        Replaced(
            "moto.cloudwatch.models:CloudWatchBackend",
            "put_metric_data",
            "(self, namespace, metric_data)",
            metric_minutes.merged_by_minute,
            "the statistics of each put stay in memory for ever",
        ),
    ]
