"""BentoML: a service with one async API; WORKERS processes."""

import os
from typing import Any

import bentoml

from bench.peer_servers.pipeline_scoring import CreditService


@bentoml.service(
    workers=int(os.environ["WORKERS"]),
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class CreditScoring:
    def __init__(self) -> None:
        self._service = CreditService()

    @bentoml.api(route="/predict")
    async def predict(self, clientId: str, application: dict[str, Any]) -> dict[str, Any]:
        return self._service.decide(clientId, application)
