"""Licences of wheels as SPDX names them, from the metadata that each wheel brings along."""

from importlib.metadata import Distribution

from cyclonedx.spdx import fixup_id, is_expression

# Names of older metadata, which has classifiers: https://pypi.org/classifiers/ The one of BSD does
# not say which; those of our requirements that have it are BSD-3-Clause.
BY_CLASSIFIER = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: MIT No Attribution License (MIT-0)": "MIT-0",
}


class UnknownLicence(Exception):
    """A wheel whose metadata names no licence that SPDX knows."""


def licence(wheel: Distribution) -> str:
    """Return a wheel's licence as an SPDX expression. Raises UnknownLicence."""
    expression = _field(wheel, "License-Expression")
    if expression and is_expression(expression):
        return expression
    by_classifier = [
        BY_CLASSIFIER[one]
        for one in wheel.metadata.get_all("Classifier") or []
        if one in BY_CLASSIFIER
    ]
    if by_classifier:
        return " AND ".join(sorted({*by_classifier}))
    if named := fixup_id(_field(wheel, "License")):
        return str(named)
    raise UnknownLicence(
        f"{wheel.name} {wheel.version} names no licence that SPDX knows: read it, "
        f"then name it in BY_CLASSIFIER of {__name__}."
    )


def _field(wheel: Distribution, name: str) -> str:
    values = wheel.metadata.get_all(name)
    return values[0] if values else ""
