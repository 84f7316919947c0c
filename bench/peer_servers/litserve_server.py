"""LitServe: a LitAPI, whose workers are processes apart from the server's."""

import os
from typing import Any

import litserve

from bench.peer_servers.pipeline_scoring import CreditService


class CreditScoring(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self._service = CreditService()

    def decode_request(self, request: dict[str, Any]) -> dict[str, Any]:
        return request

    def predict(self, x: dict[str, Any]) -> dict[str, Any]:
        return self._service.decide(x["clientId"], x["application"])

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        return output


if __name__ == "__main__":
    server = litserve.LitServer(
        CreditScoring(api_path="/predict"),
        accelerator="cpu",
        workers_per_device=int(os.environ["WORKERS"]),
        timeout=60,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
