"""The console's page and files, and the product that its forms are made from."""

from html import unescape
from html.parser import HTMLParser

import msgspec
import pytest

from chalicelib.http.console import console_files
from chalicelib.http.console.product_form import product_form
from chalicelib.people.access import Role
from chalicelib.people.caller import Person
from chalicelib.people.sign_in_place import SignInPlace, parsed
from chalicelib.profile import load

PLACE = SignInPlace(
    "https://pool.example/x",
    "abc",
    'https://bank.example/v1/?"><script>',
    "https://files.example/bucket/any",
    "https://models.example/bucket/any",
)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_names_each_file_relative_to_itself():
    tags = Tags(console_files.page(PLACE)).tags
    named = {one.get("src") or one.get("href") for _, one in tags if {*one} & {"src", "href"}}

    assert named == {"data:,", *(f"console/{name}" for name in console_files.files())}


@pytest.mark.parametrize("place", [PLACE, None])
def test_the_page_runs_nothing_of_its_own_and_says_where_people_sign_in(place):
    tags = Tags(console_files.page(place)).tags
    scripts = [one for tag, one in tags if tag == "script"]
    told = next(one["content"] for _, one in tags if one.get("name") == "sign-in")

    assert [*map(bool, (one.get("src") for one in scripts))] == [True]
    assert not [tag for tag, _ in tags if tag == "style"]
    assert (parsed(unescape(told)) if told else None) == place


def test_the_policy_allows_this_api_the_pool_and_the_buckets_of_uploads_alone():
    policy = console_files.policy(PLACE)

    assert "script-src 'self'; style-src 'self'; " in policy
    others = "https://pool.example https://files.example https://models.example"
    assert f"connect-src 'self' {others}; " in policy
    assert "connect-src 'self'; " in console_files.policy(None)
    assert "unsafe" not in policy


def form(*roles, language="es", profile=None):
    return product_form(profile or load(), Person("1", "ana", frozenset(roles)), language)


def test_a_form_has_the_fields_that_an_application_brings():
    bank = load()
    fields = {one["name"]: one for one in form(Role.ANALYST)["fields"]}

    assert fields.keys() == bank.asked_for().keys()
    assert fields["amount"]["unit"] == "USD"
    assert (fields["amount"]["minimum"], fields["amount"]["maximum"]) == (100, 5_000_000)
    assert fields["amount"]["actionable"] == {"direction": "decrease"}
    assert fields["zip"]["format"] == "cinco cifras, como 07066"
    assert fields["employees"]["actionable"] is None


def test_a_field_that_one_model_alone_reads_needs_its_consent():
    bank = load()
    alone = msgspec.structs.replace(
        bank.models["NetworkingAccelerator"], features=("lenderPeers", "franchisePeers")
    )
    others = {
        name: msgspec.structs.replace(one, features=("amount", "sector"))
        for name, one in bank.models.items()
    }
    changed = msgspec.structs.replace(bank, models=others | {"NetworkingAccelerator": alone})
    needs = {one["name"]: one["consents"] for one in form(profile=changed)["fields"]}

    assert needs["franchise"] == ["network"]
    assert needs["amount"] == []


@pytest.mark.parametrize(
    ("role", "call", "may"),
    [
        (Role.ANALYST, "POST /predict", True),
        (Role.REVIEWER, "POST /predict", False),
        (Role.RISK, "GET /models", True),
        (Role.OPERATOR, "GET /product", True),
    ],
)
def test_a_form_says_what_its_reader_may_call(role, call, may):
    assert (call in form(role)["mayCall"]) == may


def test_a_form_speaks_the_language_that_is_asked_for():
    spanish, english = form(language="es"), form(language="en")

    assert spanish["titles"]["amount"] == "Monto solicitado"
    assert english["titles"]["amount"] == "Requested amount"
    assert spanish["review"]["reasons"][0]["text"] != english["review"]["reasons"][0]["text"]
