"""Results of a branch of analisisCredito: a model's score, or the reason why there is none."""

import json
from contextlib import suppress
from typing import Literal

import msgspec

Direction = Literal["ABOVE", "BELOW", "OTHER", "MISSING"]

# Public codes of silent models, by the name of the error that Step Functions caught.
CAUSES = {
    "States.Timeout": "TIMEOUT",
    "Sandbox.Timedout": "TIMEOUT",  # Lambda's name of a function that ran out of time
    "EndpointTimeout": "TIMEOUT",
    "OutOfTime": "TIMEOUT",
    "ModelNotReady": "NOT_READY",
    "EndpointThrottled": "THROTTLED",
    "Lambda.TooManyRequestsException": "THROTTLED",
    "EndpointUnavailable": "UNREACHABLE",
    "ModelRejected": "REJECTED",
    "CircuitOpen": "CIRCUIT_OPEN",
}


class Scored(msgspec.Struct, frozen=True, tag_field="status", tag="OK", rename="camel"):
    """A model's answer. `baseline` and contributions, in log-odds of default, sum to its logit.

    `unseen` are the features whose code is in none of its training loans. `directions` has, for
    each feature, where its value lies beside the usual; older artifacts have none.
    """

    version: str
    sha256: str
    probability_of_default: float
    baseline: float
    contributions: dict[str, float]
    unseen: tuple[str, ...] = ()
    directions: dict[str, Direction] = {}


class Unavailable(msgspec.Struct, frozen=True, tag_field="status", tag="UNAVAILABLE"):
    """An error that Step Functions caught: `Error` is its name, `Cause` its text or JSON.

    A replay has no error, but the code that was `stored`.
    """

    error: dict[str, str]
    stored: str | None = None

    def code(self) -> str:
        """Return the public code, which reveals no name of the deployment."""
        if self.stored is not None:
            return self.stored
        return CAUSES.get(self.error.get("Error", ""), "FAULT")

    def cause(self) -> str:
        """Return the internal cause, for the log only."""
        name, text = self.error.get("Error", "Unknown"), self.error.get("Cause", "")
        with suppress(ValueError, KeyError, TypeError):  # not every Cause is a Lambda's JSON
            text = json.loads(text)["errorMessage"]
        return f"{name}: {text}" if text else name


class Skipped(msgspec.Struct, frozen=True, tag_field="status", tag="SKIPPED_NO_CONSENT"):
    """A model that the state machine did not ask: the applicant did not give this consent."""

    consent: str


Answer = Scored | Unavailable | Skipped
