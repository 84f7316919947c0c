"""States of analisisCredito that keep a model from applicants who did not consent to it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Definition = dict[str, Any]


def with_consents(definition: Definition, consents: Mapping[str, str]) -> Definition:
    """Return the definition with a Choice state before each model that needs a consent.

    `consents` has the consent by model. The Choice asks for `$.consents.<consent>` to be true; the
    branch ends as SKIPPED_NO_CONSENT otherwise, also if the field is missing. No function is
    invoked then. Raises KeyError for a model that has no branch.
    """
    gated = deepcopy(definition)
    branches = {
        branch["StartAt"]: branch
        for state in gated["States"].values()
        for branch in state.get("Branches", [])
    }
    for model, consent in consents.items():
        branch = branches[model]
        branch["StartAt"] = f"{model}Consent"
        branch["States"] |= {
            f"{model}Consent": _choice(model, consent),
            f"{model}Skipped": {
                "Type": "Pass",
                "Parameters": {"status": "SKIPPED_NO_CONSENT", "consent": consent},
                "End": True,
            },
        }
    return gated


def _choice(model: str, consent: str) -> Definition:
    # Step Functions fails on a path that is not there, so IsPresent stands first:
    # https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    place = f"$.consents['{consent}']"
    given = [
        {"Variable": place, "IsPresent": True},
        {"Variable": place, "IsBoolean": True},
        {"Variable": place, "BooleanEquals": True},
    ]
    return {
        "Type": "Choice",
        "Choices": [{"And": given, "Next": model}],
        "Default": f"{model}Skipped",
    }
