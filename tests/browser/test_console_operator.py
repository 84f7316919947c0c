"""Pages of an operator: the policy with its rollback, and the erasure of a client."""

from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from bank.first_run import body_of
from tests.browser.console_visit import API_KEY, Site, Visit, holding

MOST_LINES = 7  # of a row of a table on a telephone


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


def confirm(one: Visit, client: str) -> None:
    one.page.locator("#erasure-again").fill(client)
    one.press("eraseForGood")


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
    expect(one.page.locator("#erasure-again-error")).to_have_text("")
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


@pytest.mark.parametrize("client", [".", "..", "not an id", "x" * 10_000])
def test_what_is_no_id_is_refused_beside_its_field(visit, client):
    one = opened(visit, "erasure", "en")
    one.page.locator("#erasure-client").fill(client)
    one.page.locator("#erasure-reason").select_option("COURT_ORDER")
    one.press("erase")
    expect(one.page.locator("#erasure-client-error")).to_have_text(one.t("notAnId"))

    assert one.page.locator("#erasure-client").get_attribute("aria-invalid") == "true"
    assert one.page.locator("#erasure-again").count() == 0


@pytest.mark.parametrize("client", ["..", "not an id"])
def test_a_history_of_what_is_no_id_is_not_asked_for(visit, client):
    one = visit("analyst", "en")
    one.open("decisions")
    one.heading("page.decisions").wait_for()
    one.page.locator("#find").fill(client)
    one.page.locator("#find").press("Enter")
    expect(one.page.locator("#find-error")).to_have_text(one.t("notAnId"))
    one.open("client", "..")
    one.heading("page.client").wait_for()

    expect(one.page.get_by_role("alert")).to_contain_text(one.t("notAnId"))


@pytest.mark.parametrize("comes_back_first", [True, False])
def test_an_erasure_under_way_and_its_result_are_there_on_the_way_back(visit, comes_back_first):
    client = "erased-meanwhile"
    one = opened(visit, "erasure", "en")
    held = holding(one.page, "**/clients/*")
    ask_to_erase(one, client)
    with one.page.expect_request("**/clients/*"):
        confirm(one, client)
    told = one.page.get_by_role("region", name=one.t("erasureDone"), exact=True)
    erasing = one.page.get_by_role("status").filter(has_text=one.t("erasing", client=client))
    expect(erasing).to_be_visible()
    assert one.page.locator("main form:visible").count() == 0
    one.open("policy")
    one.heading("page.policy").wait_for()
    if comes_back_first:
        one.page.go_back()
        expect(erasing).to_be_visible()
        assert one.page.locator("main form:visible").count() == 0
        held[0].continue_()
        expect(told.get_by_role("heading")).to_be_focused()
    else:
        with one.page.expect_response("**/clients/*"):
            held[0].continue_()
        one.page.go_back()
    expect(told).to_contain_text(client)

    expect(one.page.locator("#erasure-client")).to_have_value("")
    assert one.page.evaluate("Object.keys(sessionStorage)") == []


def test_a_failed_erasure_shows_its_error_alone(visit):
    one = opened(visit, "erasure", "en")
    ask_to_erase(one, "erased-before")
    confirm(one, "erased-before")
    told = one.page.get_by_role("region", name=one.t("erasureDone"), exact=True)
    told.wait_for()
    ask_to_erase(one, "not-reached")
    one.page.context.set_offline(True)
    confirm(one, "not-reached")
    trouble = one.page.locator(".trouble")
    expect(trouble).to_be_focused()
    expect(told).to_have_count(0)
    one.page.locator("#erasure-client").fill("of-another")
    expect(trouble).to_have_count(0)


def test_an_erasure_whose_answer_was_lost_is_said_to_be_done_by_a_repeat(visit, site):
    client, lost = "lost-on-the-way", []
    leave_to_a_person(site, client)
    one = opened(visit, "erasure", "en")

    def lose(route: Any) -> None:
        route.fetch()
        lost.append(route.abort())

    one.page.route("**/clients/*", lose, times=1)
    ask_to_erase(one, client)
    confirm(one, client)
    expect(one.page.locator(".trouble")).to_contain_text(one.t("networkLost"))
    confirm(one, client)
    told = one.page.get_by_role("region", name=one.t("erasureDone"), exact=True)

    expect(told).to_contain_text(one.t("erasureBeforeAll"))
    assert len(lost) == 1


def test_what_a_law_keeps_whole_is_not_called_erased(visit, decided):
    client = next(one["clientId"] for one in decided if one["decision"] == "APPROVE")
    one = opened(visit, "erasure", "en", width=360)
    told = one.page.get_by_role("region", name=one.t("erasureDone"), exact=True)
    ask_to_erase(one, client)
    confirm(one, client)
    expect(told).to_contain_text(one.t("erasureOnlyKept"))
    lines = "rows => Math.max(...rows.map(one => one.offsetHeight / 24))"

    assert told.locator("tbody tr").evaluate_all(lines) < MOST_LINES
    assert one.overflow() <= 0


def test_who_may_not_erase_is_not_offered_it(visit, site):
    one = visit("risk", "en")
    one.open("erasure")

    expect(one.page.get_by_role("heading", level=1)).to_have_text(one.t("notOffered"))
