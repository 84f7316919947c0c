"""Acts on models for the permission audit: uploads good and bad, and a rollback."""

import hashlib
from typing import Any

import boto3
import requests

from bank.audit_steps.artifact_versions import of_version
from bank.embedded_bank import Bank
from chalicelib.foundation.settings import VERIFIED_PREFIX
from chalicelib.people.access import PEOPLE

MODEL = "NetworkingAccelerator"
REFUSED, ACCEPTED = "20400101T000000", "20400102T000000"
REASON = "The audit's."
SECONDS = 60


def drive(bank: Bank, url: str, token: str) -> None:
    """Upload what is refused, then a version that comes into service; look, and roll it back."""
    place, headers = f"{url}{PEOPLE}/models/{MODEL}", {"Authorization": f"Bearer {token}"}

    def ask(method: str, path: str, body: object = None) -> Any:
        answer = requests.request(
            method, f"{place}{path}", json=body, headers=headers, timeout=SECONDS
        )
        bank.cloud.idle(SECONDS)
        return answer.json()

    def upload(version: str, archive: bytes) -> None:
        digest = hashlib.sha256(archive).hexdigest()
        asked = {"version": version, "bytes": len(archive), "sha256": digest, "reason": REASON}
        to = ask("POST", "/artifacts", asked)["upload"]
        requests.put(to["url"], data=archive, headers=to["headers"], timeout=SECONDS)
        bank.cloud.idle(SECONDS)
        ask("GET", f"/versions/{version}")

    champion = ask("GET", "/history")["inService"]
    upload(REFUSED, b"no artifact")
    upload(ACCEPTED, of_version(ACCEPTED, _verified(bank, champion)))
    ask("GET", f"/versions/{ACCEPTED}/card")
    ask("POST", "/rollback", {"version": champion, "reason": REASON})


def _verified(bank: Bank, version: str) -> bytes:
    key = f"{VERIFIED_PREFIX}{MODEL}/{version}/model.tar.gz"
    found = boto3.client("s3").get_object(Bucket=bank.settings.model_bucket, Key=key)
    return found["Body"].read()
