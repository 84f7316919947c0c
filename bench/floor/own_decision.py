"""The bank's decision without the cloud: validation, three evaluators and the policy in a call.

The floor serves it, and the bank's answers are held against it.
"""

from pathlib import Path
from typing import Any

import msgspec

from chalicelib import profile
from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.decision import weigh
from chalicelib.profile import Profile
from chalicelib.scoring.branch_results import Answer, Scored
from training.serving.inference import Model, model_fn, predict_fn


class OwnDecision:
    """The artifacts of a folder, one folder a model, under the profile's policy."""

    def __init__(self, folder: Path) -> None:
        self._profile: Profile = profile.load()
        self._models: dict[str, Model] = {
            name: model_fn(str(folder / name)) for name in self._profile.models
        }

    def decide(self, payload: Any) -> tuple[CreditApplication, dict[str, Any]]:
        """Return the parsed application and the decision. Raises InvalidApplication."""
        asked = CreditApplication.from_payload(payload, self._profile)
        answers: dict[str, Answer] = {
            name: msgspec.convert({**predict_fn({**asked.values}, model), "status": "OK"}, Scored)
            for name, model in self._models.items()
        }
        return asked, weigh(asked.values, answers, self._profile.policy)
