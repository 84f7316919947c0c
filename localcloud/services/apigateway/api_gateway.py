"""Requests of a Chalice deployment that AWS accepts and moto's API Gateway and S3 do not."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from moto.apigateway.exceptions import BadRequestException
from moto.apigateway.responses import APIGatewayResponse

from localcloud.services.apigateway.content_codings import LARGEST_MINIMUM

_AUTHORIZER = "x-amazon-apigateway-authorizer"
_ALL_METHODS = ("get", "post", "put", "delete", "options", "head", "patch")


def any_document(original: Any) -> Callable[..., Any]:
    """Replace moto's APIGatewayBackend.put_rest_api: Swagger 2.0, mock integrations, API keys, and
    authorizers of user pools.
    """

    def put(
        self: Any,
        function_id: str,
        api_doc: dict[str, Any],
        fail_on_warnings: bool,
        mode: str = "merge",
    ) -> Any:
        api = original(self, function_id, _as_openapi_3(api_doc), fail_on_warnings, mode)
        authorizers = _authorizers(self, function_id, api_doc)
        for resource in api.resources.values():
            for method, declared in api_doc["paths"].get(resource.get_path(), {}).items():
                made, security = resource.resource_methods[method.upper()], declared.get("security")
                made.api_key_required = {"api_key": []} in (security or [])
                for name in [name for one in security or [] for name in one if name in authorizers]:
                    made.authorization_type = "COGNITO_USER_POOLS"
                    made.authorizer_id = authorizers[name]
        return api

    return put


def _authorizers(backend: Any, api: str, document: dict[str, Any]) -> dict[str, str]:
    """Make the document's authorizers of user pools in place of those that there are; return the
    id of each by its name.
    """
    backend.get_rest_api(api).authorizers.clear()
    made = {}
    for name, scheme in document.get("securityDefinitions", {}).items():
        given = scheme.get(_AUTHORIZER, {})
        if given.get("type") == "cognito_user_pools":
            authorizer = backend.create_authorizer(
                api, name, "COGNITO_USER_POOLS", provider_arns=given["providerARNs"],
                identity_source=f"method.request.header.{scheme['name']}",
            )  # fmt: skip
            # moto drops it: its constructor misspells the name
            expression = given.get("identityValidationExpression")
            authorizer.identity_validation_expression = expression
            made[name] = authorizer.id
    return made


def any_title(original: Any) -> Callable[..., Any]:
    """Replace moto's APIGatewayBackend.import_rest_api, which can't do without a description."""

    def import_api(self: Any, api_doc: dict[str, Any], fail_on_warnings: bool) -> Any:
        described = api_doc | {"info": {"description": ""} | api_doc["info"]}
        return original(self, described, fail_on_warnings)

    return import_api


def kept_compression(original: Any) -> Callable[..., Any]:
    """Replace moto's RestAPI.apply_patch_operations, which ignores minimumCompressionSize."""

    def apply(self: Any, patch_operations: list[dict[str, str]]) -> None:
        original(self, patch_operations)
        for one in patch_operations:
            if one["path"] == "/minimumCompressionSize":
                value = one.get("value", "")  # none switches compression off
                self.minimum_compression_size = _minimum(value) if value else None

    return apply


def _minimum(value: str) -> int:
    """Return a minimumCompressionSize. Raises BadRequestException."""
    if not value.isdecimal() or int(value) > LARGEST_MINIMUM:
        raise BadRequestException(
            f"Invalid minimum compression size, must be between 0 and {LARGEST_MINIMUM}"
        )
    return int(value)


def any_case(original: Any) -> Callable[..., Any]:
    """Replace moto's S3Response._notification_config_from_body: Prefix is prefix."""

    def parse(self: Any) -> Any:
        lower = lambda match: match[0].lower().replace(b"name", b"Name")  # noqa: E731 - one use
        self.body = re.sub(rb"<Name>(Prefix|Suffix)</Name>", lower, self.body)
        return original(self)

    return parse


def with_tags_of_apis(original: dict[str, Any]) -> dict[str, Any]:
    """Replace moto's apigateway.urls.url_paths."""
    arn = "arn:(?P<partition>[^/]+):apigateway:(?P<region_name>[^/]+)::/restapis/(?P<api>[^/]+)"
    return original | {f"{{0}}/tags/{arn}$": APIGatewayResponse.dispatch}


def tags_of_apis(original: Any) -> Callable[..., Any]:
    """Replace moto's APIGatewayResponse.get_tags."""

    def get_tags(self: Any) -> Any:
        api = _tagged_api(self)
        return json.dumps({"tags": api.tags or {}}) if api else original(self)

    return get_tags


def tagging_apis(original: Any) -> Callable[..., Any]:
    """Replace moto's APIGatewayResponse.tag_resource."""

    def tag_resource(self: Any) -> Any:
        if not (api := _tagged_api(self)):
            return original(self)
        api.tags = (api.tags or {}) | self._get_param("tags")
        return "{}"

    return tag_resource


def _tagged_api(request: Any) -> Any:
    """Return the API of an ARN, or None if the ARN is of something else."""
    found = re.search(r"/restapis/([^/]+)$", unquote(request.path))
    return request.backend.get_rest_api(found[1]) if found else None


def _as_openapi_3(document: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    document.pop("swagger", None)
    document["openapi"] = "3.0.1"
    for methods in document["paths"].values():
        for name in _ALL_METHODS:
            integration = methods.get(name, {}).get("x-amazon-apigateway-integration", {})
            if integration.get("type") == "mock":
                integration.setdefault("uri", "")
                integration.setdefault("httpMethod", "POST")
    return document
