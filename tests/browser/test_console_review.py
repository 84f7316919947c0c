"""The queue: claim a case, decide with a reason, a second person, the next case, the history."""

import pytest
import requests
from playwright.sync_api import expect

from bank.first_run import body_of
from tests.browser.console_visit import API_KEY


def to_a_person(site):
    """Real loans on which a person decides, as no model knows their lender."""
    return [
        loan | {"application": loan["application"] | {"lender": f"NEW LENDER {place}"}}
        for place, loan in enumerate(site.loans[12:18])
    ]


def verdict(one, code, reason, text="Read the file."):
    one.page.get_by_role("radio", name=one.t(f"verdict.{code}")).check()
    one.page.locator("#reason").select_option(index=reason)
    one.page.locator("#text").fill(text)
    one.press("decide")


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_case_is_claimed_decided_and_the_next_one_follows(visit, site, language):
    analyst = visit("analyst", language)
    first, second = to_a_person(site)[:2] if language == "es" else to_a_person(site)[2:4]
    for loan in (first, second):
        analyst.analyse(loan)
    one = visit("reviewer", language)
    one.heading("page.queue").wait_for()
    one.settled()
    assert one.barriers() == []
    one.page.locator("tbody tr", has_text=first["clientId"]).locator("a").first.click()
    one.heading("page.decision").wait_for()
    one.settled()
    one.press("claim")
    one.page.get_by_role("button", name=one.t("release")).wait_for()
    expect(one.page.get_by_role("heading", name=one.t("review"), exact=True)).to_be_focused()
    assert one.barriers() == []
    verdict(one, "APPROVE", 1)
    one.page.get_by_role("article", name=one.t("review")).wait_for(state="detached")
    expect(one.page.get_by_role("status").filter(has_text=one.t("verdictStored"))).to_be_visible()
    expect(one.heading("page.decision")).to_be_focused()
    before = one.page.url
    one.press("nextCase")
    one.page.wait_for_url(lambda url: url != before)

    assert "#/decision/" in one.page.url
    expect(one.page.get_by_text(one.t("verdictStored"))).to_have_count(0)


def test_a_large_loan_waits_for_a_second_person(visit, site):
    loan = to_a_person(site)[4]
    loan["application"]["amount"] = 400_000
    visit("analyst", "en").analyse(loan)
    for person, is_first in (("reviewer", True), ("second-reviewer", False)):
        one = visit(person, "en")
        one.settled()
        one.page.locator("tbody tr", has_text=loan["clientId"]).locator("a").first.click()
        one.heading("page.decision").wait_for()
        one.settled()
        verdict(one, "APPROVE", 2)
        if is_first:
            expect(one.page.get_by_text("waits for a second person")).to_be_visible()
            assert one.page.locator("ol.timeline li").count() == 1
            assert one.page.get_by_role("button", name=one.t("decide")).count() == 0
        else:
            one.page.get_by_role("article", name=one.t("review")).wait_for(state="detached")
    one.open("client", loan["clientId"])
    one.heading("page.client").wait_for()
    one.settled()

    assert one.page.locator(".timeline li").count() == 3
    assert one.barriers() == []


def test_a_verdict_without_its_parts_is_refused_beside_them(visit, site):
    loan = to_a_person(site)[5]
    visit("analyst").analyse(loan)
    one = visit("reviewer")
    one.settled()
    one.page.locator("tbody tr", has_text=loan["clientId"]).locator("a").first.click()
    one.heading("page.decision").wait_for()
    one.settled()
    one.press("decide")
    one.page.locator("#text-error").get_by_text("texto").wait_for()

    assert one.page.locator("#text").get_attribute("aria-invalid") == "true"


def test_risk_sees_the_queue_and_decides_no_case(visit, site):
    one = visit("risk")
    one.open("queue")
    one.heading("page.queue").wait_for()
    one.settled()

    assert one.barriers() == []
    if one.page.locator("tbody a").count():
        one.page.locator("tbody a").first.click()
        one.heading("page.decision").wait_for()
        one.settled()
    assert one.page.get_by_role("button", name=one.t("claim")).count() == 0


def test_who_has_a_case_is_on_its_page_after_a_reload_and_for_others(visit, site):
    loan = site.loans[18] | {"clientId": "claimed-case"}
    loan |= {"application": loan["application"] | {"lender": "NEW LENDER CLAIMED"}}
    visit("analyst", "en").analyse(loan)
    one = visit("reviewer", "en")
    one.settled()
    one.page.locator("tbody tr", has_text=loan["clientId"]).locator("a").first.click()
    one.heading("page.decision").wait_for()
    one.settled()
    one.press("claim")
    one.page.get_by_role("button", name=one.t("release")).wait_for()
    place = one.page.url.partition("#/")[2].split("/")
    one.open("queue")
    one.heading("page.queue").wait_for()
    one.open(*place)
    one.page.get_by_role("button", name=one.t("release")).wait_for()
    other = visit("second-reviewer", "en")
    nothing = {"reviews": [], "next": None}  # as if the case were behind those of the queue's page
    other.page.route("**/people/reviews*", lambda route: route.fulfill(json=nothing))
    other.open(*place)
    article = other.page.get_by_role("article", name=other.t("review"))
    expect(article).to_contain_text("reviewer has it until")
    assert "T" not in article.inner_text().partition("until")[2].split("\n")[0]
    assert article.get_by_role("button").count() == 0
    assert article.get_by_role("radio").count() == 0
    assert other.barriers() == []

    one.press("release")
    one.page.get_by_role("button", name=one.t("claim"), exact=True).wait_for()


def with_cases(site, name, count, **more):
    """Have the bank decide on clients whom it leaves to a person; return their ids."""
    clients = [f"{name}-{place}" for place in range(count)]
    for client in clients:
        body = body_of(site.loans[20]) | {"clientId": client}
        body["application"] = body["application"] | {"lender": f"NEW LENDER {client}"} | more
        place, key = f"{site.address}predict", {"x-api-key": API_KEY}
        assert requests.post(place, json=body, headers=key, timeout=30).status_code == 200
    return clients


def only(one, clients):
    """Have the queue's pages list the cases of some clients alone."""

    def handle(route):
        answer = route.fetch()
        body = answer.json()
        found = [case for case in body["reviews"] if case["clientId"] in clients]
        route.fulfill(response=answer, json=body | {"reviews": found})

    one.page.route("**/people/reviews*", handle)


def open_case(one, client):
    one.open("queue")
    one.page.locator("tbody tr", has_text=client).locator("a").first.click()
    one.heading("page.decision").wait_for()
    one.settled()


def test_pages_of_the_queue_lead_back(visit, site):
    with_cases(site, "paged", 3)
    one = visit("reviewer", "en")
    small = lambda route: route.continue_(url=route.request.url.replace("limit=50", "limit=2"))  # noqa: E731
    one.page.route("**/people/reviews*", small)
    one.open("queue")
    one.press("reload")
    rows = one.page.locator("tbody tr")
    expect(rows).to_have_count(2)
    first = rows.first.inner_text()
    assert one.page.get_by_role("button", name=one.t("soonerDue")).count() == 0
    one.press("laterDue")
    expect(rows.first).not_to_have_text(first, use_inner_text=True)
    expect(one.heading("page.queue")).to_be_focused()
    later = rows.first.inner_text()
    rows.first.locator("a").click()
    one.heading("page.decision").wait_for()
    one.page.go_back()
    one.heading("page.queue").wait_for()
    one.settled()
    assert rows.first.inner_text() == later
    one.press("soonerDue")
    expect(rows.first).not_to_have_text(later, use_inner_text=True)

    assert rows.first.inner_text() == first


def test_the_next_case_is_one_that_the_person_may_decide(visit, site):
    clients = with_cases(site, "barred", 3, amount=400_000)
    one = visit("reviewer", "en")
    only(one, clients)
    open_case(one, clients[1])
    verdict(one, "APPROVE", 2)
    expect(one.page.get_by_text("waits for a second person")).to_be_visible()
    open_case(one, clients[0])
    one.press("nextCase")
    one.page.wait_for_url(f"**#/decision/{clients[2]}/*")
    one.settled()
    verdict(one, "APPROVE", 2)
    expect(one.page.get_by_text("waits for a second person")).to_be_visible()
    open_case(one, clients[0])
    one.press("nextCase")

    expect(one.page.get_by_role("status").filter(has_text=one.t("noNextCase"))).to_be_visible()
    assert clients[0] in one.page.url
    assert one.barriers() == []


class Held:
    """Answers to a request that wait until `go_on`, and the requests that were made."""

    def __init__(self, page, address):
        self.waiting, self.is_held = [], True
        page.route(address, self.handle)

    def handle(self, route):
        if self.is_held:
            self.waiting.append(route)
        else:
            route.fallback()

    def go_on(self):
        self.is_held = False
        for route in self.waiting:
            route.fallback()


def test_a_look_up_of_the_next_case_ends_with_its_page(visit, site):
    clients = with_cases(site, "left", 2)
    one = visit("reviewer", "en")
    only(one, clients)
    open_case(one, clients[0])
    held = Held(one.page, "**/people/reviews*")
    one.press("nextCase")
    one.page.wait_for_timeout(300)
    one.open("decisions")
    one.heading("page.decisions").wait_for()
    held.go_on()
    one.settled()
    one.page.wait_for_timeout(500)

    assert len(held.waiting) == 1
    assert one.page.url.endswith("#/decisions")


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_long_look_up_says_how_far_it_is_and_is_stopped(visit, site, language):
    clients = with_cases(site, f"long-{language}", 3)
    one = visit("reviewer", language)
    only(one, clients)
    open_case(one, clients[0])
    held = Held(one.page, f"**/people/predictions/{clients[1]}/*")
    one.press("nextCase")
    status = one.page.locator("main [role=status]")
    expect(status.filter(has_text=one.t("lookingForCase", count="1"))).to_be_visible()
    assert one.page.locator("main [role=alert]").count() == 0
    one.press("stop")
    expect(status.filter(has_text=one.t("lookingStopped", count="1"))).to_be_visible()
    button = one.page.get_by_role("button", name=one.t("nextCase"), exact=True)
    expect(button).to_be_focused()
    expect(button).not_to_have_attribute("aria-busy", "true")
    assert one.page.get_by_role("button", name=one.t("stop"), exact=True).count() == 0
    held.go_on()
    one.settled()
    assert clients[0] in one.page.url
    assert one.barriers() == []
    one.press("nextCase")

    one.page.wait_for_url(f"**#/decision/{clients[1]}/*")


def test_the_next_case_follows_the_one_that_was_decided_and_skips_one_that_is_gone(visit, site):
    clients = with_cases(site, "ordered", 4)
    one = visit("reviewer", "en")
    only(one, clients)
    gone = {"type": "urn:problem:not-found", "title": "It is gone", "status": 404}
    answer = lambda route: route.fulfill(status=404, json=gone)  # noqa: E731
    one.page.route(f"**/people/predictions/{clients[2]}/*", answer)
    open_case(one, clients[1])
    verdict(one, "APPROVE", 1)
    expect(one.page.get_by_role("status").filter(has_text=one.t("verdictStored"))).to_be_visible()
    one.press("nextCase")
    one.page.wait_for_url(f"**#/decision/{clients[3]}/*")
    one.settled()
    one.press("nextCase")

    one.page.wait_for_url(f"**#/decision/{clients[0]}/*")


def test_a_case_that_a_person_may_never_decide_is_looked_up_once(visit, site):
    clients = with_cases(site, "mine", 2)
    one = visit("reviewer", "en")
    only(one, clients)
    open_case(one, clients[0])
    asked = []

    def barring(route):
        asked.append(route.request.url)
        taken = route.fetch()
        body = taken.json()
        case = body["case"] | {"barred": "You asked for it."}
        route.fulfill(response=taken, json=body | {"case": case})

    one.page.route(f"**/people/predictions/{clients[1]}/*", barring)
    for _ in range(2):
        one.press("nextCase")
        one.settled()
        expect(one.page.get_by_role("status").filter(has_text=one.t("noNextCase"))).to_be_visible()

    assert len(asked) == 1
