"""Signing in: what a role is offered, where tokens are, and what ends a session."""

import json

import pytest
import requests

OFFERED = {
    "analyst": ["page.analysis", "page.decisions"],
    "reviewer": ["page.queue", "page.decisions"],
    "risk": ["page.queue", "page.decisions"],
}


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("role", OFFERED)
def test_a_person_is_offered_the_pages_of_their_role(visit, role, language):
    one = visit(role, language)
    items = one.page.locator("header nav li a").all_inner_texts()

    assert [name for name in items if name in {one.t(key) for key in OFFERED[role]}] == [
        one.t(key) for key in OFFERED[role]
    ]
    assert (one.t("page.analysis") in items) == (role == "analyst")
    assert one.page.locator("html").get_attribute("lang") == language
    assert one.barriers() == []


def test_a_page_of_another_role_is_not_shown_and_its_route_is_refused(visit, site):
    one = visit("reviewer", "en")
    token = {}
    one.page.on("request", lambda request: token.update(request.headers))
    one.open("analysis")
    one.heading("notOffered").wait_for()
    one.open("queue")
    one.heading("page.queue").wait_for()
    one.settled()
    answer = requests.post(
        f"{site.address}people/predict",
        json={},
        headers={"Authorization": token["authorization"]},
        timeout=9,
    )

    assert (answer.status_code, answer.json()["type"]) == (403, "urn:problem:role-missing")


def test_no_token_is_kept_where_another_page_could_read_it(visit):
    one = visit("analyst")
    kept = one.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )

    assert "eyJ" not in kept
    assert json.loads(kept)[0].keys() <= {"language"}
    assert "code=" not in one.page.url


def test_a_reload_and_a_sign_out_end_the_session(visit):
    one = visit("analyst")
    one.page.reload()
    one.heading("signInTitle").wait_for()
    one.press("signIn")
    one.give_password("analyst")
    one.press("signOut")
    one.heading("signInTitle").wait_for()

    assert one.page.url == one.site.address


def test_another_person_in_the_same_tab_finds_no_draft(visit):
    one = visit("analyst", "en")
    one.page.locator("#field-clientId").fill("ana")
    one.page.reload()
    one.press("signIn")
    one.give_password("reviewer")

    assert one.page.evaluate("Object.keys(sessionStorage)") == []


def test_a_code_that_was_not_asked_for_signs_nobody_in(visit):
    one = visit("analyst")
    one.page.goto(f"{one.site.address}?code=stolen&state=guessed")
    one.page.get_by_role("alert").wait_for()

    assert one.page.get_by_role("alert").inner_text() == one.t("signInRefused")


def test_a_session_goes_on_after_its_token_has_ended(visit):
    one = visit("analyst")
    one.page.evaluate("Date.now = ((now) => () => now() + 3595_000)(Date.now.bind(Date))")
    with one.page.expect_request("**/oauth2/token") as renewed:
        one.open("decisions")
    one.settled()

    assert "grant_type=refresh_token" in (renewed.value.post_data or "")
    assert one.page.get_by_role("alert").count() == 0


def test_the_address_by_number_leads_to_the_one_that_the_pool_knows(visit):
    one = visit("analyst")
    one.page.goto(one.site.address.replace("localhost", "127.0.0.1"))
    one.press("signIn")
    one.give_password("analyst")

    assert one.page.url.startswith(one.site.address)
