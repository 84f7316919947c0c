"""The page of the policy: cut-offs, drafts, approvals and rollbacks, on real decisions."""

import pytest
from playwright.sync_api import expect

from tests.browser.console_visit import losing_the_first_answer


def test_cut_offs_are_moved_proposed_and_approved_by_two(visit, site, decided):
    one = visit("risk", "es")
    one.open("policy")
    one.heading("page.policy").wait_for()
    expect(one.page.locator("figure.plot svg").first).to_be_visible()
    table = one.page.get_by_role("region", name=one.t("cutOffsTold"))
    before = table.locator("tbody tr").first.inner_text()
    one.page.locator("#cut-approveFrom").fill("575")
    assert table.locator("tbody tr").first.inner_text() != before
    assert one.barriers() == []
    one.press("newDraft")
    expect(one.page.locator("#draft-reason-error")).not_to_be_empty()
    one.page.locator("#draft-reason").fill("Menos riesgo <b>en diciembre</b>")
    one.press("newDraft")
    status = one.page.locator("main [role=status]")
    expect(status.filter(has_text=one.t("draftStored"))).to_be_visible()
    draft = one.page.locator("article", has_text="<b>en diciembre</b>")
    policy = draft.locator("code").first.inner_text()
    draft.get_by_role("button", name=one.t("swapSet")).click()
    expect(draft.get_by_role("region", name=one.t("swapSetTold"))).to_be_visible()
    draft.get_by_role("button", name=one.t("approveDraft")).click()
    expect(draft.get_by_text("risk").nth(1)).to_be_visible()
    expect(status.filter(has_text=one.t("approvalStored", policy=policy))).to_be_visible()
    two = visit("second-risk", "en")
    two.open("policy")
    two.page.locator("article", has_text="<b>en diciembre</b>").get_by_role(
        "button", name=two.t("approveDraft")
    ).click()
    expect(two.page.locator("article", has_text="<b>en diciembre</b>")).to_have_count(0)
    expect(two.heading("page.policy")).to_be_focused()
    assert two.page.locator("dl.facts dd").nth(2).inner_text() == "575"
    two.page.locator("summary", has_text=two.t("rollback")).click()
    two.page.locator("#rollback-policy").select_option(index=1)
    two.page.locator("#rollback-reason").fill("Too strict")
    two.press("rollback")

    status = two.page.locator("main [role=status]")
    expect(status.filter(has_text=two.t("rollbackStored"))).to_be_visible()


def test_after_a_lost_network_the_focus_stays_on_the_page(visit, decided):
    one, lost = visit("risk", "en"), [True]
    losing = lambda route: route.abort() if lost.pop() else route.continue_()  # noqa: E731
    one.page.route("**/people/policies", losing)
    one.open("policy")
    alert = one.page.get_by_role("alert")
    expect(alert).to_contain_text(one.t("networkLostRead"))
    lost.append(False)
    one.press("again")
    expect(alert).to_have_count(0)

    expect(one.heading("page.policy")).to_be_focused()


def test_a_proposal_whose_answer_is_lost_is_one_draft(visit, decided):
    one = visit("risk", "en")
    one.open("policy")
    one.heading("page.policy").wait_for()
    one.settled()
    sent = losing_the_first_answer(one.page, "**/people/policies")
    one.page.locator("#cut-approveFrom").fill("581")
    one.page.locator("#draft-reason").fill("Once only")
    submit = "one => { one.form.requestSubmit(); one.form.requestSubmit(); }"
    one.page.locator("#draft-reason").evaluate(submit)
    expect(one.page.get_by_role("alert")).to_contain_text(one.t("networkLost"))
    assert one.page.locator("#draft-reason").input_value() == "Once only"
    one.press("newDraft")
    expect(one.page.locator("#draft-reason")).to_have_value("")
    one.settled()

    assert len(sent) == 2
    assert one.page.locator("article", has_text="Once only").count() == 1


def test_what_was_typed_into_a_form_of_risk_survives_a_reload(visit, decided):
    one = visit("risk", "en")
    one.open("policy")
    one.page.locator("#draft-reason").fill("Not sent yet")
    one.page.reload()
    one.press("signIn")
    one.give_password("risk")

    assert one.page.locator("#draft-reason").input_value() == "Not sent yet"


@pytest.mark.parametrize("language", ["es", "en"])
def test_each_error_of_a_draft_and_of_a_rollback_is_beside_its_field(visit, decided, language):
    one = visit("risk", language)
    one.open("policy")
    one.heading("page.policy").wait_for()
    one.settled()
    one.page.locator("#draft-from").fill("2020-01-01T00:00")
    one.press("newDraft")
    expect(one.page.locator("#draft-from-error")).not_to_be_empty()
    expect(one.page.locator("#draft-reason-error")).not_to_be_empty()
    one.page.locator("summary", has_text=one.t("rollback")).click()
    one.press("rollback")
    for name in ("policy", "reason"):
        expect(one.page.locator(f"#rollback-{name}-error")).not_to_be_empty()

    assert one.page.locator("#draft-from").get_attribute("aria-invalid") == "true"
    assert one.page.locator("#rollback-reason").get_attribute("aria-invalid") == "true"
    assert one.barriers() == []


def test_what_a_person_typed_does_not_pass_to_the_next_one_in_the_tab(visit, decided):
    one = visit("risk", "en")
    for person, found in (("risk", ""), ("second-risk", ""), ("risk", "")):
        one.open("policy")
        one.heading("page.policy").wait_for()
        expect(one.page.locator("#draft-reason")).to_have_value(found)
        one.page.locator("#draft-reason").fill(f"The reason of {person}")
        one.page.locator("#cut-approveFrom").fill("590")
        following = "second-risk" if person == "risk" else "risk"
        one.page.reload()
        one.press("signIn")
        one.give_password(following)
        kept = one.page.evaluate("Object.keys(sessionStorage)")
        assert kept == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_share_out_of_range_is_refused_beside_its_field_and_stays(visit, decided, language):
    one = visit("risk", language)
    one.open("policy")
    one.heading("page.policy").wait_for()
    one.settled()
    example = "0,25" if language == "es" else "0.25"
    percent = "25\xa0%" if language == "es" else "25%"
    profit = one.page.get_by_role("region", name=one.t("cutOffsTold")).locator("tr").last
    for name, text in (("margin", "99"), ("loss", "")):
        place, error = one.page.locator(f"#of-{name}"), one.page.locator(f"#of-{name}-error")
        place.fill(text)
        expect(error).to_have_text(one.t("shareWrong", example=example, percent=percent))
        expect(place).to_have_attribute("aria-invalid", "true")
        expect(profit.locator("td").last).to_have_text("–")
    expect(one.page.get_by_text(one.t("noProfit"))).to_be_visible()
    assert one.page.locator("div", has_text=one.t("noProfit")).last.locator("h3").count() == 1
    assert one.barriers() == []
    one.page.reload()
    one.press("signIn")
    one.give_password("risk")
    expect(one.page.locator("#of-margin")).to_have_value("99")
    for name in ("margin", "loss"):
        one.page.locator(f"#of-{name}").fill(example if name == "margin" else percent)
        expect(one.page.locator(f"#of-{name}-error")).to_be_empty()

    expect(profit.locator("td").last).not_to_have_text("–")


@pytest.mark.parametrize("language", ["es", "en"])
def test_each_error_of_a_cut_off_is_beside_its_slider_in_words(visit, decided, language):
    one = visit("risk", language)
    one.open("policy")
    one.heading("page.policy").wait_for()
    one.settled()
    one.page.locator("#cut-approveFrom").fill("540")
    one.page.locator("#cut-declineBelow").fill("545")
    one.page.locator("#draft-reason").fill("Too low")
    one.press("newDraft")
    expect(one.page.locator("#cut-approveFrom-error")).to_contain_text("543")
    expect(one.page.locator("#cut-declineBelow-error")).to_contain_text("540")
    told = one.page.get_by_role("alert").inner_text()

    assert one.t("approveFrom") in told
    assert "_" not in told
    for name in ("approveFrom", "declineBelow"):
        place = one.page.locator(f"#cut-{name}")
        assert place.get_attribute("aria-invalid") == "true"
        assert place.get_attribute("aria-describedby") == f"cut-{name}-error"
    assert one.barriers() == []
    one.page.locator("#cut-approveFrom").fill("560")
    for name in ("approveFrom", "declineBelow"):
        expect(one.page.locator(f"#cut-{name}-error")).to_be_empty()
