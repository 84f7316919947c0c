"""Pages of an operator: the policy with its rollback, and the erasure of a client."""

from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from bank.first_run import body_of
from tests.browser.console_visit import API_KEY, Site, Visit


def opened(visit: Any, page: str, language: str, *names: str, width: int = 1280) -> Visit:
    one: Visit = visit("operator", language, width)
    one.open(page, *names)
    one.heading(f"page.{page}").wait_for()
    one.settled()
    return one


def leave_to_a_person(site: Site, client: str) -> None:
    """Have the bank decide on a client of a lender that no model knows: it becomes no loan."""
    body = body_of(site.loans[64]) | {"clientId": client}
    body["application"] = body["application"] | {"lender": f"NEW LENDER {client}"}
    place, key = f"{site.address}predict", {"x-api-key": API_KEY}
    assert requests.post(place, json=body, headers=key, timeout=30).status_code == 200


def ask_to_erase(one: Visit, client: str) -> None:
    one.page.locator("#erasure-client").fill(client)
    one.page.locator("#erasure-reason").select_option("COURT_ORDER")
    one.press("erase")
    expect(one.page.get_by_role("alert")).to_contain_text(client)


def has_history(visit: Any, client: str) -> bool:
    analyst = visit("analyst", "en")
    analyst.open("client", client)
    analyst.heading("page.client").wait_for()
    analyst.settled()
    return analyst.page.locator(".timeline li").count() > 0


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_operator_goes_back_to_an_earlier_policy(visit, site, decided, language):
    risk = [visit(one, "en") for one in ("risk", "second-risk")]
    for one in risk:
        one.open("policy")
        one.heading("page.policy").wait_for()
        one.settled()
        former = one.page.locator("dl.facts dd").first.inner_text()
        if one is risk[0]:
            one.page.locator("#cut-approveFrom").fill("578" if language == "es" else "577")
            one.page.locator("#draft-reason").fill(f"To go back from {language}")
            one.press("newDraft")
        draft = one.page.locator("article", has_text=f"To go back from {language}")
        draft.get_by_role("button", name=one.t("approveDraft")).click()
        one.settled()
    one = opened(visit, "policy", language)
    assert one.page.locator("dl.facts dd").first.inner_text() != former
    assert one.page.locator("#cut-approveFrom").count() == 0
    assert one.page.get_by_role("button", name=one.t("approveDraft")).count() == 0
    assert one.barriers() == []
    one.page.locator("summary", has_text=one.t("rollback")).click()
    one.page.locator("#rollback-policy").select_option(former)
    one.page.locator("#rollback-reason").fill("Too many reviews")
    one.press("rollback")
    expect(one.page.locator("dl.facts dd").first).to_have_text(former)

    assert one.page.locator("tbody tr", has_text="Too many reviews").count() > 0


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_client_is_erased_once_their_id_is_typed_again(visit, site, language):
    client = f"to-erase-{language}"
    leave_to_a_person(site, client)
    one = opened(visit, "erasure", language)
    one.press("erase")
    for name in ("client", "reason"):
        expect(one.page.locator(f"#erasure-{name}-error")).to_have_text(one.t("needed"))
    ask_to_erase(one, client)
    one.page.locator("#erasure-again").fill("to-erase")
    one.press("eraseForGood")
    expect(one.page.locator("#erasure-again-error")).to_have_text(one.t("idDiffers"))
    assert one.barriers() == []
    assert has_history(visit, client)
    one.page.locator("#erasure-again").fill(client)
    one.press("eraseForGood")
    told = one.page.get_by_role("region", name=one.t("erasureDone"), exact=True)
    expect(told.get_by_role("heading")).to_be_focused()
    erased, pseudonymised, kept = (
        told.locator("tbody tr", has_text=one.t(f"erasedClass.{name}")).locator("td").nth(place)
        for name, place in (("cases", 0), ("decisions", 1), ("decisions", 2))
    )
    expect(erased).to_have_text("1")
    expect(pseudonymised).to_have_text("1")
    expect(kept).to_have_text("0")
    expect(told).to_contain_text(one.t("erasureKeepsNone"))
    assert not has_history(visit, client)
    assert one.barriers() == []
    assert one.page.evaluate("Object.keys(sessionStorage)") == []


def test_a_client_of_whom_there_is_nothing_is_said_to_be_one(visit, site):
    one = opened(visit, "erasure", "en", width=360)
    ask_to_erase(one, "of-a-slip")
    one.press("cancel")
    expect(one.heading("page.erasure")).to_be_focused()
    assert one.page.locator("#erasure-again").count() == 0
    ask_to_erase(one, "of-a-slip")
    one.page.locator("#erasure-again").fill("of-a-slip")
    one.press("eraseForGood")
    told = one.page.get_by_role("region", name=one.t("erasureDone"), exact=True)

    expect(told).to_contain_text(one.t("erasureNothing"))
    assert one.overflow() <= 0


def test_an_erasure_that_was_asked_for_is_asked_for_anew_for_another_client(visit, site):
    one = opened(visit, "erasure", "en", "named-by-the-link")
    expect(one.page.locator("#erasure-client")).to_have_value("named-by-the-link")
    ask_to_erase(one, "one-client")
    one.page.locator("#erasure-client").fill("another-client")
    expect(one.page.locator("#erasure-again")).to_have_count(0)
    ask_to_erase(one, "not an id")
    one.page.locator("#erasure-again").fill("not an id")
    one.press("eraseForGood")
    expect(one.page.locator("#erasure-client-error")).to_contain_text("digits")

    assert one.page.locator("#erasure-client").get_attribute("aria-invalid") == "true"


def test_who_may_not_erase_is_not_offered_it(visit, site):
    one = visit("risk", "en")
    one.open("erasure")

    expect(one.page.get_by_role("heading", level=1)).to_have_text(one.t("notOffered"))
