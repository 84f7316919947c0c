"""Sign-offs: the challengers that wait for a person, and the verdicts on them."""

import re
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.review_problems import SamePerson
from chalicelib.governance.sign_offs.sign_off_problems import ChallengerNotFound, SignOffConflict
from chalicelib.governance.sign_offs.sign_off_request import sign_off_request
from chalicelib.models.challengers import Challenger, Signer, SignOff, Waiting
from chalicelib.models.champions import Endpoints, champion
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.people.access import Role
from chalicelib.people.caller import Person
from chalicelib.profile import Profile

Document = dict[str, Any]

CHALLENGER_ID = re.compile(r"[A-Za-z0-9-]{1,80}")
TRAINS = Text(
    es="Quien entrena no firma: su persona tiene el rol operator, o desarrolló este modelo.",
    en="Who trains does not sign off: your person has the role operator, or developed this model.",
)
HAS_VERDICT = Text(
    es="{challenger} ya tiene el veredicto {verdict}.",
    en="{challenger} has the verdict {verdict} already.",
)
OUTDATED = Text(
    es="Se comparó con {champion} y ahora responde {now}: espere al próximo reentrenamiento.",
    en="It was compared with {champion}, and {now} answers now: wait for the next retraining.",
)


class SignOffDesk:
    """Challengers of a bank at one time."""

    def __init__(
        self,
        registry: SignOffRegistry,
        profile: Profile,
        endpoints: Endpoints,
        models: ModelBucket,
        now: datetime,
    ) -> None:
        self._registry = registry
        self._profile = profile
        self._endpoints = endpoints
        self._models = models
        self._at = written_at(now)

    def overview(self) -> Document:
        """Return the newest challengers of each model, those that wait and those with a verdict.

        `promoted` says whether createEndpointModel has accepted the version.
        """
        listed = self._registry.challengers.listed(self._profile.models)
        return {
            "models": {
                model: [self._shown(waiting, sign_off) for waiting, sign_off in found]
                for model, found in listed.items()
            }
        }

    def sign_off(self, model: str, challenger: str, body: Any, person: Person) -> Document:
        """Keep a person's verdict, then set it in SageMaker's registry, which promotes the model.

        The first verdict counts. A repeat, by another person, too, is harmless, and finishes what a
        fault cut off. Raises SamePerson, ChallengerNotFound, InvalidRequest, and SignOffConflict.
        """
        self._require_other(model, person)
        asked = sign_off_request(body)
        waiting = self._found(model, challenger)
        kept = self._registry.challengers.sign_off(model, challenger)
        if kept is None:
            if asked.verdict == "APPROVE":
                self._require_champion(waiting.challenger)
            by = Signer(person.sub, person.username)
            mine = SignOff(asked.verdict, asked.reason, self._at, by, waiting.challenger.sha256)
            kept = self._registry.challengers.sign(waiting.challenger, mine)
        if kept.verdict != asked.verdict:
            raise SignOffConflict(HAS_VERDICT.format(challenger=challenger, verdict=kept.verdict))
        self._registry.packages.decide(waiting.package, kept.verdict, f"{model} {challenger}")
        return self._shown(waiting, kept)

    def _require_champion(self, challenger: Challenger) -> None:
        """Raise SignOffConflict if another model answers than that of the comparison."""
        now = champion(challenger.model, self._endpoints, self._models)
        if now not in (challenger.champion, challenger.version):
            raise SignOffConflict(OUTDATED.format(champion=challenger.champion, now=now))

    def _require_other(self, model: str, person: Person) -> None:
        """Raise SamePerson for who trains models, or developed this one."""
        found = self._profile.models.get(model)
        inventory = found.inventory if found else None
        named = (inventory.developer, *inventory.developer_users) if inventory else ()
        developers = {one.strip().casefold() for one in named}
        if Role.OPERATOR in person.roles or person.username.casefold() in developers:
            raise SamePerson(TRAINS)

    def _found(self, model: str, challenger: str) -> Waiting:
        if model not in self._profile.models or not CHALLENGER_ID.fullmatch(challenger):
            raise ChallengerNotFound
        waiting = self._registry.challengers.waiting(model, challenger)
        if waiting is None or (waiting.challenger.model, waiting.challenger.id) != (
            model,
            challenger,
        ):
            raise ChallengerNotFound
        return waiting

    def _shown(self, waiting: Waiting, sign_off: SignOff | None) -> Document:
        challenger = waiting.challenger
        return {
            "id": challenger.id,
            **msgspec.to_builtins(challenger),
            "since": written_at(waiting.since),
            "report": self._registry.report(challenger),
            "promoted": challenger.version in self._models.versions(challenger.model),
            "signOff": msgspec.to_builtins(sign_off),
        }
