"""The requests of `service-quotas`, answered from the account's quotas."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import JsonRESTError

from localcloud.services.servicequotas.account_quotas import (
    EXECUTIONS,
    SERVICE_NAMES,
    TABLE,
    Quota,
    Quotas,
    find,
)


class NotAnIncrease(JsonRESTError):
    """AWS's answer: https://github.com/cloud-custodian/cloud-custodian/pull/8939."""

    def __init__(self) -> None:
        words = "You must provide a quota value greater than the current quota value"
        super().__init__("IllegalArgumentException", words)


_PAGE = 100  # MaxResults has this default and limit


def list_service_quotas(quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's ServiceQuotasResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def answer(self: Any) -> str:
            asked = json.loads(self.body)
            return _page(
                asked, (_written(self, quota, quotas.value(quota)) for quota in _all(asked))
            )

        return answer

    return replace


def list_defaults(_quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's action, which knows one service."""

    def replace(_original: Any) -> Any:
        def answer(self: Any) -> str:
            asked = json.loads(self.body)
            return _page(asked, (_written(self, quota, quota.value) for quota in _all(asked)))

        return answer

    return replace


def get_service_quota(quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's action, which knows one service."""

    def replace(_original: Any) -> Any:
        def answer(self: Any) -> str:
            quota = _asked(json.loads(self.body))
            return json.dumps({"Quota": _written(self, quota, quotas.value(quota))})

        return answer

    return replace


def get_default(_quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's ServiceQuotasResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def answer(self: Any) -> str:
            quota = _asked(json.loads(self.body))
            return json.dumps({"Quota": _written(self, quota, quota.value)})

        return answer

    return replace


def request_increase(quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's ServiceQuotasResponse, which has no such action. AWS takes hours to days to
    approve; here the quota is granted at once.
    """

    def replace(_absent: None) -> Any:
        def answer(self: Any) -> str:
            asked = json.loads(self.body)
            quota, value = _asked(asked), float(asked["DesiredValue"])
            if value <= quotas.value(quota):
                raise NotAnIncrease
            quotas.grant(quota, value)
            now = datetime.now(UTC).timestamp()
            requested = {
                "Id": f"{quota.code}-{now:.0f}",
                "ServiceCode": quota.service,
                "ServiceName": SERVICE_NAMES[quota.service],
                "QuotaCode": quota.code,
                "QuotaName": quota.name,
                "DesiredValue": value,
                "Status": "APPROVED",
                "Created": now,
                "LastUpdated": now,
            }
            return json.dumps({"RequestedQuota": requested})

        return answer

    return replace


def account_settings(quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's LambdaResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def answer(self: Any) -> Any:
            limit = int(quotas.value(find("lambda", EXECUTIONS)))
            reserved = [int(one.reserved_concurrency or 0) for one in self.backend.list_functions()]
            limits = {
                "ConcurrentExecutions": limit,
                "UnreservedConcurrentExecutions": limit - sum(reserved),
            }
            usage = {"FunctionCount": len(reserved)}
            return 200, {}, json.dumps({"AccountLimit": limits, "AccountUsage": usage})

        return answer

    return replace


def with_account_settings(original: dict[str, Any]) -> dict[str, Any]:
    """Replace moto's awslambda.urls.url_paths."""
    return original | {"{0}/2016-08-19/account-settings/?$": LambdaResponse.dispatch}


def _asked(asked: dict[str, Any]) -> Quota:
    return find(asked["ServiceCode"], asked["QuotaCode"])


def _all(asked: dict[str, Any]) -> list[Quota]:
    return [quota for quota in TABLE if quota.service == asked["ServiceCode"]]


def _page(asked: dict[str, Any], written: Iterable[dict[str, Any]]) -> str:
    first = int(asked.get("NextToken") or 0)
    after = first + int(asked.get("MaxResults") or _PAGE)
    quotas = list(written)
    more = {"NextToken": str(after)} if after < len(quotas) else {}
    return json.dumps({"Quotas": quotas[first:after], **more})


def _written(request: Any, quota: Quota, value: float) -> dict[str, Any]:
    place = f"{request.region}:{request.current_account}"
    return {
        "ServiceCode": quota.service,
        "ServiceName": SERVICE_NAMES[quota.service],
        "QuotaArn": f"arn:aws:servicequotas:{place}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }
