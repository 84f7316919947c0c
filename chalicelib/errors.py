"""What can go wrong, by name.

AppVengersError
  × Problem               answered to the caller of the API, each with its HTTP status
      · InvalidRequest · InvalidApplication · InvalidOutcome · PredictionNotFound
      · IdempotencyConflict
      · RequestTooLarge · UnsupportedMediaType · TooManyRequests · AnalysisUnavailable
      · TableUnavailable    saveResult is retried on it
  × EndpointFault         a model did not answer; analisisCredito retries by these names
      · ModelNotReady · EndpointThrottled · EndpointUnavailable · ModelRejected
  · AnalysisPending       no answer in time; the machine goes on
  · InvalidArtifact       an upload that must not become a model
  · ArtifactChanged       what would be promoted is not what was evaluated
  · ChampionChanged       another model answers now than the one it was compared with
  · EndpointBusy          an endpoint that cannot take a new version yet; an event tells when it can
  · EndpointGoing         an endpoint that is being deleted, to be made anew; Lambda tries again
  · NoSnapshot            nothing to train on
  · InvalidProfile        credit.toml contradicts itself
  · UnknownStage          a stage that the bank does not have
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class AppVengersError(Exception):
    """The base of all."""


class Problem(AppVengersError):
    """An answer of RFC 9457. `errors` names each wrong field with what is wrong with it."""

    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(self, detail: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = dict(errors or {})

    def to_payload(self) -> dict[str, Any]:
        slug = "".join("-" + c.lower() if c.isupper() else c for c in type(self).__name__)[1:]
        payload = {
            "type": f"urn:problem:{slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            fields = [{"field": field, "message": text} for field, text in self.errors.items()]
            return {**payload, "errors": fields}
        return payload


class InvalidRequest(Problem):
    status, title = 400, "The request is not valid"


class InvalidApplication(Problem):
    status, title = 400, "The application is not valid"


class InvalidOutcome(Problem):
    status, title = 400, "The outcome is not valid"


class PredictionNotFound(Problem):
    status, title = 404, "There is no such prediction"


class IdempotencyConflict(Problem):
    status, title = 409, "The Idempotency-Key was used for another application"


class RequestTooLarge(Problem):
    status, title = 413, "The request is too large"


class UnsupportedMediaType(Problem):
    status, title = 415, "The media type is not supported"


class TooManyRequests(Problem):
    status, title = 429, "Too many requests"


class AnalysisUnavailable(Problem):
    status, title = 503, "The analysis is not available"


class TableUnavailable(Problem):
    status, title = 503, "The table of predictions is not available"


class EndpointFault(AppVengersError):
    """One model did not answer."""


class ModelNotReady(EndpointFault):
    """The endpoint is starting."""


class EndpointThrottled(EndpointFault):
    """The endpoint has more to do than it can."""


class EndpointUnavailable(EndpointFault):
    """The endpoint does not exist, is down or took too long."""


class ModelRejected(EndpointFault):
    """The model answered with an error, or with what is not an answer."""


class AnalysisPending(AppVengersError):
    """The machine is still at work; the prediction will be found at `location`."""

    def __init__(self, location: str) -> None:
        super().__init__(f"The analysis goes on; ask again at {location}.")
        self.location = location


class InvalidArtifact(AppVengersError):
    """An upload that must not become a model."""


class ArtifactChanged(AppVengersError):
    """What would be promoted is not what was evaluated."""


class ChampionChanged(AppVengersError):
    """Another model answers now than the one that a challenger was compared with."""


class EndpointBusy(AppVengersError):
    """The endpoint is still being created or updated."""


class EndpointGoing(AppVengersError):
    """The endpoint is still being deleted; its name is free when it is gone."""


class NoSnapshot(AppVengersError):
    """There is nothing to train on."""


class InvalidProfile(AppVengersError):
    """credit.toml contradicts itself."""


class UnknownStage(AppVengersError):
    """A stage that the bank does not have."""
