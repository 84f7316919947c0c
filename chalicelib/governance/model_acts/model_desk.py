"""The routes of one model: upload an artifact, watch a version, roll back, history and card."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.model_acts import model_history, version_standing
from chalicelib.governance.model_acts.artifact_upload import UPLOAD_SECONDS, ArtifactUpload
from chalicelib.governance.model_acts.model_act_bucket import ModelAct, ModelActBucket
from chalicelib.governance.model_acts.model_act_problems import (
    ModelActConflict,
    ModelVersionNotFound,
)
from chalicelib.governance.model_acts.model_act_requests import (
    VERSION,
    upload_request,
    version_request,
)
from chalicelib.governance.policies.times import act_id, written_at
from chalicelib.models.endpoints import BROKEN, ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.model_card import card_of
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.profile import Profile
from chalicelib.retraining.reports import Reports

Document = dict[str, Any]
By = dict[str, str]

ANSWERS = Text(
    es="{version} ya responde: elija otra versión.",
    en="{version} answers already: choose another version.",
)
CHANGES = Text(
    es="Otra versión está en camino (SageMaker: {status}): espere a que responda.",
    en="Another version is on its way (SageMaker: {status}): wait until it answers.",
)
NO_CARD = Text(
    es="La versión {version} no tiene una ficha que se pueda leer.",
    en="The version {version} has no card that can be read.",
)


@dataclass(frozen=True)
class ModelDesk:
    """Models of a bank at one time, as a person acts on them in their language. `trained` reads the
    artifact of a version that was trained and not accepted, or None.
    """

    profile: Profile
    prefix: str
    models: ModelBucket
    endpoints: ModelEndpoints
    acts: ModelActBucket
    uploads: ArtifactUpload
    registry: SignOffRegistry
    reports: Reports
    trained: Callable[[str, str], bytes | None]
    now: datetime
    language: Language

    def upload(self, model: str, body: Any, by: By) -> Document:
        """Record who uploads which archive, and return the request that uploads it.

        createEndpointModel alone judges what is uploaded. A repeat is recorded once. Raises
        ModelVersionNotFound and InvalidRequest.
        """
        self._require(model)
        asked = upload_request(body, model, self.prefix)
        archive = {"sha256": asked.sha256, "size": asked.size}
        act = self._act("UPLOAD", model, asked.version, by, asked.reason, **archive)
        if version_standing.state_of_repeat(act, *self._marks(model)) is None:
            self.acts.add(msgspec.structs.replace(act, instead_of=self._answering(model)))
        upload = self.uploads.presigned(model, asked.version, asked.size, asked.sha256)
        until = written_at(self.now + timedelta(seconds=UPLOAD_SECONDS))
        return self.standing(model, asked.version) | {"upload": upload | {"expiresAt": until}}

    def roll_back(self, model: str, body: Any, by: By) -> Document:
        """Have an accepted version answer again: its verified copy arrives anew.

        A repeat is recorded once, and does what the first was cut off from. Raises
        ModelVersionNotFound, InvalidRequest, and ModelActConflict.
        """
        self._require(model)
        asked = version_request(body)
        act = self._act("ROLLBACK", model, asked.version, by, asked.reason)
        state = version_standing.state_of_repeat(act, *self._marks(model))
        if state is None:
            self._require_can_change(model, asked.version)
            self.acts.add(msgspec.structs.replace(act, instead_of=self._answering(model)))
        if state in (None, "WAITING"):
            self.models.arrive_again(model, asked.version)
        return self.standing(model, asked.version)

    def _require_can_change(self, model: str, version: str) -> None:
        """Raise ModelActConflict or ModelVersionNotFound unless this version can answer next."""
        live = self.endpoints.live(model)
        if live and live["status"] not in ("InService", "Failed", *BROKEN):
            raise ModelActConflict(CHANGES.format(status=live["status"]))
        if live and live["status"] == "InService" and live["version"] == version:
            raise ModelActConflict(ANSWERS.format(version=version))
        if version not in self.models.versions(model):
            raise ModelVersionNotFound

    def standing(self, model: str, version: str) -> Document:
        """Return where a version stands. Raises ModelVersionNotFound."""
        self._require(model, version)
        seen = version_standing.traces(version, *self._marks(model))
        if not seen.is_known:
            raise ModelVersionNotFound
        return {
            "model": model,
            "version": version,
            "state": version_standing.state(version, seen),
            "act": msgspec.to_builtins(seen.act),
            "refusal": seen.refusal and model_history.shown_refusal(seen.refusal, self.language),
            "verifiedAt": seen.arrival.at if seen.arrival else None,
            "endpoint": seen.live,
            "deployment": self.endpoints.under_way(model),
        }

    def history(self, model: str) -> Document:
        """Return a model's accepted versions, and all that became of its versions, the newest
        first. Raises ModelVersionNotFound.
        """
        self._require(model)
        live = self._answering(model)
        listed = self.registry.challengers.listed([model])[model]
        return {
            "model": model,
            "inService": live or None,
            "former": self.models.former(model, live) if live else self.models.last_served(model),
            "versions": self.models.versions(model),
            "events": model_history.newest_first(
                model_history.of_acts(self.acts.of_model(model)),
                model_history.of_refusals(self.models.refusals(model), self.language),
                model_history.of_arrivals(self.models.arrivals(model)),
                model_history.of_endings(self.models.endings(model)),
                model_history.of_verdicts(self.reports.verdicts(model)),
                model_history.of_sign_offs(listed),
            ),
        }

    def card(self, model: str, version: str) -> Document:
        """Return the card of an accepted version, or of one that was trained. Raises
        ModelVersionNotFound.
        """
        self._require(model, version)
        try:
            body = (
                self.models.verified_artifact(model, version)
                if version in self.models.versions(model)
                else self.trained(model, version)
            )
        except InvalidArtifact:
            body = None
        found = card_of(body) if body else None
        if found is None:
            raise ModelVersionNotFound(NO_CARD.format(version=version))
        return found

    def _require(self, model: str, version: str = "v") -> None:
        if model not in self.profile.models or not VERSION.fullmatch(version):
            raise ModelVersionNotFound

    def _marks(self, model: str) -> version_standing.Marks:
        return (
            self.acts.of_model(model),
            self.models.refusals(model),
            self.models.arrivals(model),
            self.endpoints.live(model),
        )

    def _answering(self, model: str) -> str:
        live = self.endpoints.live(model)
        return live["version"] if live and live["status"] not in ("Failed", *BROKEN) else ""

    def _act(
        self, kind: Any, model: str, version: str, by: By, reason: str, **more: Any
    ) -> ModelAct:
        at = written_at(self.now)
        return ModelAct(act_id(self.now), kind, model, version, at, by, reason, **more)
