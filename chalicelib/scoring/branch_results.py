"""What a model's branch of analisisCredito ends with: a score, or the reason of its silence."""

import json
from contextlib import suppress
from typing import Literal

import msgspec

Direction = Literal["ABOVE", "BELOW", "OTHER", "MISSING"]

# The public code of why a model is silent, by the name of the error that Step Functions caught.
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
    """
    A model's answer: `baseline` and contributions, in log-odds of default, sum to its logit.
    `unseen` are the features whose code no loan had that it knows of. `directions` says on which
    side of the usual a feature's value lies; artifacts trained earlier say nothing of it.
    """

    version: str
    sha256: str
    probability_of_default: float
    baseline: float
    contributions: dict[str, float]
    unseen: tuple[str, ...] = ()
    directions: dict[str, Direction] = {}


class Unavailable(msgspec.Struct, frozen=True, tag_field="status", tag="UNAVAILABLE"):
    """A model's silence, as Step Functions caught it: `Error` is an exception's name, `Cause` its
    text or JSON. A decision that is made again has the code that was stored, and no error."""

    error: dict[str, str]
    stored: str | None = None

    def code(self) -> str:
        """Return the public code: it names nothing of the deployment."""
        if self.stored is not None:
            return self.stored
        return CAUSES.get(self.error.get("Error", ""), "FAULT")

    def cause(self) -> str:
        """Return the internal cause, which is for the log alone."""
        name, text = self.error.get("Error", "Unknown"), self.error.get("Cause", "")
        with suppress(ValueError, KeyError, TypeError):  # not every Cause is a Lambda's JSON
            text = json.loads(text)["errorMessage"]
        return f"{name}: {text}" if text else name


Answer = Scored | Unavailable
