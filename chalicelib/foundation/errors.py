"""The tree of errors.

AppVengersError
  × Problem               answered to the caller of the API, each with its HTTP status
      · InvalidRequest · InvalidApplication · InvalidOutcome · NotALoan · Forbidden
      · Unauthorized · ScopeMissing · RoleMissing
      · NotFound · PredictionNotFound · IdempotencyConflict · RequestTooLarge · UnsupportedMediaType
      · CounterOfferClosed · TooManyOutcomes · TooManyRequests · InternalError
      · AnalysisUnavailable · NotReady
      · NoModelInService    saveResult stores nothing and returns this name; predict answers it
      · ServiceUnavailable · ServiceTimeout    API Gateway's own
      · TableUnavailable · PolicyUnavailable    saveResult is retried on them
  × EndpointFault         a model did not answer; analisisCredito retries by these names
      · ModelNotReady · EndpointTimeout · EndpointThrottled · EndpointUnavailable
      · ModelRejected · CircuitOpen · OutOfTime
  · AnalysisPending       no answer in time; the state machine continues
  · InvalidArtifact       an upload that must not become a model
  · ArtifactChanged       the artifact to be promoted is not the evaluated one
  · ChampionChanged       the champion is not the model that the challenger was compared with
  · EndpointBusy          an endpoint that is being created or updated; an event follows
  · EndpointGoing         an endpoint that is being deleted; Lambda retries until its name is free
  · EndpointOnInstances   an endpoint that AWS cannot make serverless; an operator must delete it
  · NoSnapshot            nothing to train on
  · InvalidProfile        credit.toml contradicts itself
  · UnknownStage          a stage that the bank does not have
  · MissingVariable       an environment variable that the app needs
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from chalicelib.foundation.body_member import pointer_of
from chalicelib.foundation.text import Text

Faults = Mapping[str, Text]


class AppVengersError(Exception):
    """The base of our errors."""


class Problem(AppVengersError):
    """A problem of RFC 9457, in each language. `errors` has the fault of each wrong field, which is
    one of the body unless it is said to be `outside` of it.

    A kind of problem has a title, and a usual detail for where none is given.
    """

    status: ClassVar[int]
    title: ClassVar[Text]
    usual: ClassVar[Text]
    retry_after: ClassVar[int | None] = None  # seconds

    def __init__(
        self, detail: Text | None = None, errors: Faults | None = None, *, outside: bool = False
    ) -> None:
        self.outside = outside
        self.detail = detail or self.usual
        self.errors = dict(errors or {})
        super().__init__(self.detail.en)

    @classmethod
    def uri(cls) -> str:
        """Return the type of the answer, which is the class's name."""
        slug = "".join("-" + c.lower() if c.isupper() else c for c in cls.__name__)[1:]
        return f"urn:problem:{slug}"

    def to_payload(self, say: Callable[[Text], str]) -> dict[str, Any]:
        """Return the body; `say` chooses the language."""
        payload = {
            "type": self.uri(),
            "title": say(self.title),
            "status": self.status,
            "detail": say(self.detail),
        }
        if self.errors:
            return {**payload, "errors": [self._fault(name, say) for name in self.errors]}
        return payload

    def _fault(self, name: str, say: Callable[[Text], str]) -> dict[str, str]:
        fault = {"field": name, "message": say(self.errors[name])}
        return fault if self.outside else fault | {"pointer": pointer_of(name)}


AGAIN = Text(es="Inténtelo de nuevo en un momento.", en="Try again in a moment.")


class InvalidRequest(Problem):
    status = 400
    title = Text(es="La petición no es válida", en="The request is not valid")
    usual = Text(es="Corrija la petición.", en="Correct the request.")


class InvalidApplication(Problem):
    status = 400
    title = Text(es="La solicitud de crédito no es válida", en="The application is not valid")
    usual = Text(es="Corrija la solicitud.", en="Correct the application.")


class InvalidOutcome(Problem):
    status = 400
    title = Text(es="El resultado del préstamo no es válido", en="The outcome is not valid")
    usual = Text(es="Corrija el resultado.", en="Correct the outcome.")


class Forbidden(Problem):
    status = 403
    title = Text(es="La clave de la API falta o no es válida", en="The API key is missing or wrong")
    usual = Text(
        es="Envíe la clave en la cabecera x-api-key.", en="Send the key in the header x-api-key."
    )


class ScopeMissing(Problem):
    status = 403
    title = Text(
        es="La clave de la API no sirve para esta ruta", en="The API key is not for this route"
    )
    usual = Text(es="Use la clave de otro ámbito.", en="Use a key of another scope.")


class RoleMissing(Problem):
    status = 403
    title = Text(es="Su rol no permite esta ruta", en="Your role does not allow this route")
    usual = Text(
        es="Pida un rol a quien administra las personas.", en="Ask who manages people for a role."
    )


class Unauthorized(Problem):
    """API Gateway's answer to a token that is missing, wrong or expired."""

    status = 401
    title = Text(
        es="Falta el token de acceso, o no es válido", en="The token is missing, wrong or expired"
    )
    usual = Text(
        es="Inicie sesión y envíe el token de identidad: Authorization: Bearer TOKEN.",
        en="Sign in and send the ID token: Authorization: Bearer TOKEN.",
    )


class NotFound(Problem):
    """The path does not exist or does not take the method: API Gateway answers both alike."""

    status = 404
    title = Text(es="No existe ese recurso", en="There is no such resource")
    usual = Text(
        es="Revise la ruta y el método. GET /health siempre responde, y sin clave.",
        en="Check the path and the method. GET /health always answers, and needs no key.",
    )


class NotALoan(Problem):
    """An outcome of an application that was declined, or reviewed and not granted."""

    status = 422
    title = Text(
        es="No hay préstamo del que informar", en="There is no loan that could have an outcome"
    )
    usual = Text(es="Revise la decisión.", en="Check the decision.")


class PredictionNotFound(Problem):
    status = 404
    title = Text(es="No existe esa predicción", en="There is no such prediction")
    usual = Text(es="Revise clientId y predictionId.", en="Check clientId and predictionId.")


class IdempotencyConflict(Problem):
    status = 409
    title = Text(
        es="La Idempotency-Key ya se usó con otra solicitud",
        en="The Idempotency-Key was used for another application",
    )
    usual = Text(
        es="Envíe una clave nueva con cada solicitud nueva.",
        en="Send a new key with a new application.",
    )


class CounterOfferClosed(Problem):
    """A counter-offer that there is not, or not any more."""

    status = 409
    title = Text(
        es="No hay contraoferta que se pueda tomar", en="There is no counter-offer to take"
    )
    usual = Text(es="Consulte GET …/offer.", en="Ask GET …/offer.")


class TooManyOutcomes(Problem):
    status = 409
    title = Text(
        es="Ya se informó demasiadas veces de este préstamo",
        en="This loan was reported on too many times",
    )
    usual = Text(
        es="Envíe la corrección en un archivo, en credit/newData/.",
        en="Send the correction in a file, under credit/newData/.",
    )


class RequestTooLarge(Problem):
    status = 413
    title = Text(es="La petición es demasiado grande", en="The request is too large")
    usual = Text(es="Envíe 64 KB como máximo.", en="Send 64 KB at most.")


class UnsupportedMediaType(Problem):
    status = 415
    title = Text(es="El tipo de contenido no se admite", en="The media type is not supported")
    usual = Text(
        es="Envíe el cuerpo como application/json en UTF-8, sin comprimir o con gzip o deflate.",
        en="Send the body as application/json in UTF-8, plain or with gzip or deflate.",
    )


class TooManyRequests(Problem):
    status, retry_after = 429, 1
    title = Text(es="Demasiadas peticiones", en="Too many requests")
    usual = AGAIN


class InternalError(Problem):
    """A fault of the service; its log names it."""

    status = 500
    title = Text(es="Error interno del servicio", en="The service failed")
    usual = Text(
        es="El fallo quedó registrado. Inténtelo de nuevo; si persiste, avise al banco.",
        en="The fault is logged. Try again; if it persists, tell the bank.",
    )


class AnalysisUnavailable(Problem):
    status, retry_after = 503, 1
    title = Text(es="El análisis no está disponible", en="The analysis is not available")
    usual = Text(
        es="No se decidió nada. Inténtelo de nuevo en un momento.",
        en="Nothing was decided. Try again in a moment.",
    )


class NoModelInService(Problem):
    """No model has ever been in service: there is nothing to decide with, and nothing is stored."""

    status, retry_after = 503, 60
    title = Text(es="Todavía no hay modelos en servicio", en="No model is in service yet")
    usual = Text(
        es="No se decidió ni se guardó nada. Inténtelo de nuevo cuando GET /ready responda 200.",
        en="Nothing was decided or stored. Try again when GET /ready answers 200.",
    )


class NotReady(Problem):
    """Too few models answer now for an automatic decision. `found` says which do."""

    status, retry_after = 503, 10
    title = Text(es="No responden bastantes modelos", en="Too few models answer")
    usual = Text(
        es="Mientras tanto, una persona decide sobre cada solicitud.",
        en="Meanwhile a person decides on every application.",
    )

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__()
        self.found = found

    def to_payload(self, say: Callable[[Text], str]) -> dict[str, Any]:
        return {**super().to_payload(say), **self.found}


class TableUnavailable(Problem):
    status, retry_after = 503, 1
    title = Text(
        es="La tabla de predicciones no está disponible",
        en="The table of predictions is not available",
    )
    usual = Text(
        es="La tabla no respondió. Repita la misma petición en un momento: repetirla es inocuo.",
        en="The table did not answer. Repeat the same request in a moment: a repeat is harmless.",
    )


class PolicyUnavailable(Problem):
    """The policy in force can't be read, or does not fit credit.toml of this deployment."""

    status, retry_after = 503, 1
    title = Text(
        es="La política en vigor no está disponible", en="The policy in force is not available"
    )
    usual = Text(
        es="Sin ella no se decide nada. Repita la misma petición en un momento.",
        en="Nothing is decided without it. Repeat the same request in a moment.",
    )


class ServiceUnavailable(Problem):
    status, retry_after = 503, 1
    title = Text(es="El servicio no está disponible", en="The service is not available")
    usual = AGAIN


class ServiceTimeout(Problem):
    status = 504
    title = Text(es="El servicio no respondió a tiempo", en="The service did not answer in time")
    usual = Text(
        es="Puede que la solicitud se haya decidido: consulte GET /predictions/{clientId}.",
        en="The application may have been decided: ask GET /predictions/{clientId}.",
    )


class EndpointFault(AppVengersError):
    """One model did not answer."""


class ModelNotReady(EndpointFault):
    """The endpoint is starting."""


class EndpointTimeout(EndpointFault):
    """The endpoint did not answer in time: it hangs, or is starting."""


class CircuitOpen(EndpointFault):
    """The endpoint timed out too often of late: it was not asked, or did not answer a test."""


class OutOfTime(EndpointFault):
    """The branch has no time for another attempt."""


class EndpointThrottled(EndpointFault):
    """The endpoint has more requests than its concurrency allows."""


class EndpointUnavailable(EndpointFault):
    """The endpoint does not exist, or is down."""


class ModelRejected(EndpointFault):
    """The model answered with an error, or not with a score."""


class AnalysisPending(AppVengersError):
    """The state machine is still running; the prediction will be at `location`. Its caller may have
    asked not to wait, or repeat another request, which began it.
    """

    retry_after: ClassVar[int] = 1  # seconds

    def __init__(self, location: str, *, is_asked: bool = False, is_replayed: bool = False) -> None:
        super().__init__(f"The analysis goes on; ask again at {location}.")
        self.location = location
        self.is_asked = is_asked
        self.is_replayed = is_replayed


class InvalidArtifact(AppVengersError):
    """An upload that must not become a model; `fault` says why."""

    def __init__(self, fault: Text) -> None:
        super().__init__(fault.en)
        self.fault = fault


class ArtifactChanged(AppVengersError):
    """The artifact to be promoted is not the one that was evaluated."""


class ChampionChanged(AppVengersError):
    """The champion is not the model that the challenger was compared with."""


class EndpointBusy(AppVengersError):
    """The endpoint is still being created or updated."""


class EndpointGoing(AppVengersError):
    """The endpoint is still being deleted; its name is free when it is gone."""


class EndpointOnInstances(AppVengersError):
    """The endpoint runs on instances, and the new version is to be serverless."""


class NoSnapshot(AppVengersError):
    """No snapshot to train on."""


class InvalidProfile(AppVengersError):
    """credit.toml contradicts itself."""


class UnknownStage(AppVengersError):
    """A stage that the bank does not have."""


class MissingVariable(AppVengersError):
    """An environment variable that the app needs is not set."""
