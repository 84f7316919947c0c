"""Answers to a new analysis that come late, and a form that is emptied."""

from playwright.sync_api import expect

from tests.browser.console_visit import holding


def returned(one, page):
    """Show another page, and come back by the browser's button."""
    one.open("decisions")
    one.heading("page.decisions").wait_for()
    one.page.go_back()
    one.heading(page).wait_for()


def held_answer(one):
    """Send the form, and hold its request on the way."""
    held = holding(one.page, "**/predict")
    with one.page.expect_request("**/predict"):
        one.press("analyse")
    return held


def test_an_answer_that_comes_late_leaves_what_was_typed_since(visit):
    one, amount = visit("analyst", "en"), "#field-amount"
    one.press("fillExample", number="1")
    [sent] = held_answer(one)
    returned(one, "page.analysis")
    expect(one.page.locator(".busy:visible")).to_have_text(one.t("analysing"))
    one.press("fillExample", number="2")
    one.page.locator(amount).fill("77777")
    sent.continue_()
    expect(one.page.get_by_role("link", name=one.t("openDecision"))).to_be_visible()
    expect(one.page.locator(amount)).to_have_value("77777")
    returned(one, "page.analysis")

    expect(one.page.locator(amount)).to_have_value("77777")
    assert one.page.locator(".verdict").count() == 0


def test_an_emptied_form_has_no_errors_and_can_be_brought_back(visit, site):
    one = visit("analyst", "en")
    one.fill_loan(site.loans[1])
    one.page.locator("#field-amount").fill("50")
    one.press("analyse")
    one.page.locator("#field-amount-error").wait_for()
    one.press("emptyForm")
    expect(one.page.get_by_role("alert")).to_have_count(0)
    assert one.page.locator("[aria-invalid=true], .error").count() == 0
    one.press("bringBack")
    expect(one.page.locator("#field-amount")).to_have_value("50")
    one.press("emptyForm")
    one.page.locator("#field-amount").fill("7")
    expect(one.page.get_by_role("button", name=one.t("bringBack"))).to_have_count(0)
    examples = one.page.locator(".actions", has_text=one.t("fillExample", number="1"))

    assert examples.get_by_role("button", name=one.t("emptyForm")).count() == 0
    assert one.barriers() == []


def test_an_answer_to_what_was_emptied_since_fills_nothing_in(visit):
    one, client = visit("analyst", "en"), "#field-clientId"
    one.press("fillExample", number="1")
    [sent] = held_answer(one)
    one.press("emptyForm")
    with one.page.expect_response("**/predict"):
        sent.continue_()
    one.settled()
    expect(one.page.locator(client)).to_have_value("")
    returned(one, "page.analysis")

    expect(one.page.locator(client)).to_have_value("")
    assert one.page.locator(".verdict").count() == 0
