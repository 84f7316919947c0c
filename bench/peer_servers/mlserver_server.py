"""MLServer: a runtime with a route of its own, in the server's process (parallel_workers is 0)."""

from typing import Any

from mlserver import MLModel
from mlserver.handlers import custom_handler

from bench.peer_servers.pipeline_scoring import CreditService


class CreditScoring(MLModel):
    async def load(self) -> bool:
        self._credit = CreditService()
        return True

    @custom_handler(rest_path="/predict")
    async def decide(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._credit.decide(asked["clientId"], asked["application"])
