"""The routes of /challengers: list those that wait for a person, and sign one off."""

import re
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.review_problems import SamePerson
from chalicelib.governance.sign_offs.sign_off_problems import ChallengerNotFound, SignOffConflict
from chalicelib.governance.sign_offs.sign_off_request import sign_off_request
from chalicelib.models.challengers import SignOff, Waiting
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
SIGNED = Text(
    es="{challenger} ya tiene el veredicto {verdict} de otra persona o en otro sentido.",
    en="{challenger} has the verdict {verdict} already, by another person or to another effect.",
)


class SignOffDesk:
    """Challengers of a bank at one time."""

    def __init__(self, registry: SignOffRegistry, profile: Profile, now: datetime) -> None:
        self._challengers = registry.challengers
        self._packages = registry.packages
        self._profile = profile
        self._at = written_at(now)

    def overview(self) -> Document:
        """Return the newest challengers of each model, those that wait and those with a verdict."""
        listed = self._challengers.listed(self._profile.models)
        return {
            "models": {
                model: [_shown(waiting, sign_off) for waiting, sign_off in found]
                for model, found in listed.items()
            }
        }

    def sign_off(self, model: str, challenger: str, body: Any, person: Person) -> Document:
        """Keep a person's verdict, then set it in SageMaker's registry, which promotes the model.

        A repeat is harmless, and finishes what a fault cut off. Raises SamePerson,
        ChallengerNotFound, InvalidRequest, and SignOffConflict if another verdict was first.
        """
        self._require_other(model, person)
        asked = sign_off_request(body)
        waiting = self._found(model, challenger)
        mine = SignOff(asked.verdict, asked.reason, self._at, person.recorded())
        kept = self._challengers.sign(waiting.challenger, mine)
        if (kept.verdict, kept.by["sub"]) != (mine.verdict, person.sub):
            raise SignOffConflict(SIGNED.format(challenger=challenger, verdict=kept.verdict))
        self._packages.decide(waiting.package, kept.verdict, f"{model} {challenger}")
        return _shown(waiting, kept)

    def _require_other(self, model: str, person: Person) -> None:
        found = self._profile.models.get(model)
        developer = found.inventory.developer if found and found.inventory else None
        if Role.OPERATOR in person.roles or person.username == developer:
            raise SamePerson(TRAINS)

    def _found(self, model: str, challenger: str) -> Waiting:
        if model not in self._profile.models or not CHALLENGER_ID.fullmatch(challenger):
            raise ChallengerNotFound
        waiting = self._challengers.waiting(model, challenger)
        if waiting is None:
            raise ChallengerNotFound
        return waiting


def _shown(waiting: Waiting, sign_off: SignOff | None) -> Document:
    return {
        "id": waiting.challenger.id,
        **msgspec.to_builtins(waiting.challenger),
        "since": written_at(waiting.since),
        "signOff": msgspec.to_builtins(sign_off),
    }
