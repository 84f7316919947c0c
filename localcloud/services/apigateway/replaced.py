"""Replaced symbols of API Gateway, and of what Chalice sends S3."""

from localcloud.seam import Replaced
from localcloud.services.apigateway import api_gateway


def replaced() -> list[Replaced]:
    return [
        Replaced(
            "moto.apigateway.urls",
            "url_paths",
            "dict",
            api_gateway.with_tags_of_apis,
            "only stages have tags",
        ),
        Replaced(
            "moto.apigateway.responses:APIGatewayResponse",
            "get_tags",
            "(self)",
            api_gateway.tags_of_apis,
            "only stages have tags",
        ),
        Replaced(
            "moto.apigateway.responses:APIGatewayResponse",
            "tag_resource",
            "(self)",
            api_gateway.tagging_apis,
            "only stages have tags",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "_notification_config_from_body",
            "(self)",
            api_gateway.any_case,
            "Chalice writes Prefix with a capital letter",
        ),
        Replaced(
            "moto.apigateway.models:APIGatewayBackend",
            "put_rest_api",
            "(self, function_id, api_doc, fail_on_warnings, mode)",
            api_gateway.any_document,
            "Chalice writes Swagger 2.0; mock integrations and API keys are left out",
        ),
        Replaced(
            "moto.apigateway.models:APIGatewayBackend",
            "import_rest_api",
            "(self, api_doc, fail_on_warnings)",
            api_gateway.any_title,
            "Chalice's APIs have no description",
        ),
        Replaced(
            "moto.apigateway.models:RestAPI",
            "apply_patch_operations",
            "(self, patch_operations)",
            api_gateway.kept_compression,
            "minimumCompressionSize is ignored",
        ),
    ]
