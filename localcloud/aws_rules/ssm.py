"""Systems Manager's rules: parameters."""

import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_PUT = ("ssm:PutParameter",)
_REFERENCE = f"{DOCS}/systems-manager/latest/APIReference/API_PutParameter.html"

VALUE_LENGTH = 4096
LEVELS = 15
_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")


def _value(parameters: Parameters, _request: Any) -> Iterator[str]:
    if parameters.get("Tier") in (None, "Standard") and (
        len(parameters.get("Value") or "") > VALUE_LENGTH
    ):
        yield (
            f"Standard tier parameters support a maximum parameter value of {VALUE_LENGTH} "
            "characters. To create a larger parameter value, upgrade the parameter to use the "
            "advanced-parameter tier."
        )


def _name(parameters: Parameters, _request: Any) -> Iterator[str]:
    if not _NAME.fullmatch(parameters.get("Name") or "") and ":" not in parameters["Name"]:
        yield "Parameter name: only a mix of letters, numbers and the 4 symbols .-_/ is allowed"


def _levels(parameters: Parameters, _request: Any) -> Iterator[str]:
    if (parameters.get("Name") or "").strip("/").count("/") + 1 > LEVELS:
        yield f"Parameter hierarchies are limited to a maximum depth of {LEVELS} levels"


RULES: tuple[Rule, ...] = (
    Rule("size of a parameter", _PUT, _value, _REFERENCE),
    Rule("characters of a parameter's name", _PUT, _name, _REFERENCE),
    Rule("levels of a parameter's name", _PUT, _levels, _REFERENCE,
         "HierarchyLevelLimitExceededException"),
)  # fmt: skip
