"""Refusal of a definition that moto's parser does not read."""

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser.api import InvalidDefinition


class DefinitionRefused(AWSError):
    """AWS's error: moto's own has no code on its way to the client, and quotes the definition."""

    TYPE = "InvalidDefinition"


def refused_in_aws_form(original: Any) -> Callable[[str], None]:
    """Replace moto's StepFunctionsParserBackend._validate_definition."""

    def validate(definition: str) -> None:
        try:
            original(definition)
        except InvalidDefinition as refused:
            reason = str(refused.message).removesuffix(f" in definition '{definition}'.")
            raise DefinitionRefused(
                f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {reason}'"
            ) from refused

    return validate
