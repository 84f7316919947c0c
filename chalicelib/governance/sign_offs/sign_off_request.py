"""The parser of a sign-off: checked once, trusted from then on. Pure."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from chalicelib.foundation.request_fields import fields_of, require_none, text_fault
from chalicelib.foundation.text import Text
from chalicelib.governance.policies.policy_requests import LONGEST_REASON

Verdict = Literal["APPROVE", "REFUSE"]

NO_VERDICT = Text(es="debe ser APPROVE o REFUSE", en="must be APPROVE or REFUSE")


@dataclass(frozen=True, slots=True)
class SignOffRequest:
    verdict: Verdict
    reason: str


def sign_off_request(body: Any) -> SignOffRequest:
    """Parse the body of POST …/sign-off. Raises InvalidRequest."""
    given, errors = fields_of(body, {"verdict", "reason"})
    errors |= {} if given.get("verdict") in get_args(Verdict) else {"verdict": NO_VERDICT}
    errors |= text_fault("reason", given, LONGEST_REASON)
    require_none(errors)
    return SignOffRequest(given["verdict"], given["reason"])
