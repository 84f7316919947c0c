"""Replaced symbols of the seam before dispatch."""

from localcloud.seam import Replaced
from localcloud.strictness import before_dispatch, resource_schemas


def replaced() -> list[Replaced]:
    return [
        Replaced(
            "moto.core.responses:BaseResponse",
            "setup_class",
            "(self, request, full_url, headers, use_raw_body)",
            before_dispatch.before_dispatch,
            "moto takes what AWS refuses: names, lengths, patterns, sizes",
        ),
        Replaced(
            "moto.cloudformation.parsing",
            "parse_resource_and_generate_name",
            "(logical_id, resource_json, resources_map)",
            resource_schemas.held_to_its_schema,
            "properties of a template's resources are held to no schema",
        ),
    ]
