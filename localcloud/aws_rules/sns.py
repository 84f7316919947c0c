"""SNS's rules: subject and message of a notice."""

import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_PUBLISH = f"{DOCS}/sns/latest/api/API_Publish.html"

SUBJECT_LENGTH = 100
_SUBJECT = re.compile(r"[\x21-\x7e][\x20-\x7e]*")


def _subject(parameters: Parameters, _request: Any) -> Iterator[str]:
    subject = parameters.get("Subject")
    if subject is not None and (not _SUBJECT.fullmatch(subject) or len(subject) > SUBJECT_LENGTH):
        yield "Invalid parameter: Subject"


def _message(parameters: Parameters, _request: Any) -> Iterator[str]:
    if not parameters.get("Message"):
        yield "Invalid parameter: Empty message"


RULES: tuple[Rule, ...] = (
    Rule("subject of a notice", ("sns:Publish",), _subject, _PUBLISH),
    Rule("message of a notice", ("sns:Publish",), _message, _PUBLISH),
)  # fmt: skip
