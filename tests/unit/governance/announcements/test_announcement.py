"""Announcements are the same for the same record, and hold ids alone."""

import base64
import json

import jsonschema
import pytest

from chalicelib.governance.announcements import webhook_signature
from chalicelib.governance.announcements.announcement import (
    DATA,
    TYPES,
    Decided,
    announcement,
    written,
)
from infrastructure.webhooks import webhook_pages

AT = "2026-11-29T10:00:00.000Z"


def test_the_same_record_gives_the_same_id_and_another_type_another():
    one = announcement("DecisionMade", "c/p", AT, Decided("c", "p"))

    assert one == announcement("DecisionMade", "c/p", AT, Decided("c", "p"))
    assert one.id != announcement("ReviewNeeded", "c/p", AT, Decided("c", "p")).id


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_fits_its_published_schema_and_no_other(kind):
    data = DATA[kind](**dict.fromkeys(DATA[kind].__struct_fields__, "REVIEW"))
    document = json.loads(written(announcement(kind, "record", AT, data)))
    schemas = webhook_pages.schemas()["events"]

    fits = [
        name
        for name, schema in schemas.items()
        if jsonschema.Draft202012Validator(schema).is_valid(document)
    ]

    assert fits == [kind]


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_????", "AAAA" * 8, "whsec_" + "AAAA" * 7, "whsec_" + "AAAA" * 22],
)
def test_a_secret_of_another_form_is_refused_and_not_shown(secret):
    with pytest.raises(ValueError, match="a secret is") as refused:
        webhook_signature.key_of(secret)

    assert secret.removeprefix("whsec_") not in str(refused.value) or secret in ("", "whsec_")


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_at_the_limits_of_the_specification_is_taken(size):
    secret = "whsec_" + base64.b64encode(bytes(size)).decode()

    assert webhook_signature.key_of(secret) == bytes(size)
