"""FastAPI under uvicorn. The handler is async: another thread would only wait for the lock."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from bench.peer_servers.pipeline_scoring import CreditService

app = FastAPI()
service = CreditService()


class Asked(BaseModel):
    clientId: str
    application: dict[str, str | float | None]


@app.post("/predict")
async def predict(asked: Asked) -> dict[str, Any]:
    return service.decide(asked.clientId, asked.application)
