"""Replaced symbols of Service Quotas."""

from localcloud.seam import ABSENT, Replaced
from localcloud.services.servicequotas import quota_requests
from localcloud.services.servicequotas.account_quotas import Quotas


def replaced(quotas: Quotas) -> list[Replaced]:
    return [
        *(
            Replaced(
                "moto.servicequotas.responses:ServiceQuotasResponse",
                attribute,
                as_moto_has_it,
                replacement(quotas),
                "moto has the defaults of one service, and nothing is limited by them",
            )
            for attribute, as_moto_has_it, replacement in (
                ("list_service_quotas", ABSENT, quota_requests.list_service_quotas),
                ("get_service_quota", "(self)", quota_requests.get_service_quota),
                ("list_aws_default_service_quotas", "(self)", quota_requests.list_defaults),
                ("get_aws_default_service_quota", ABSENT, quota_requests.get_default),
                ("request_service_quota_increase", ABSENT, quota_requests.request_increase),
            )
        ),
        Replaced(
            "moto.awslambda.responses:LambdaResponse",
            "get_account_settings",
            ABSENT,
            quota_requests.account_settings(quotas),
            "moto has no limit of concurrent executions to read",
        ),
        Replaced(
            "moto.awslambda.urls",
            "url_paths",
            "dict",
            quota_requests.with_account_settings,
            "the same, for its address",
        ),
    ]
