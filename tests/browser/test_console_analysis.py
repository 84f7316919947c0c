"""A new analysis: the form of the product, the answer as an analyst reads it, and lost networks."""

import pytest
from playwright.sync_api import expect

from tests.browser.console_visit import texts


@pytest.mark.parametrize("language", ["es", "en"])
def test_an_example_is_decided_and_explained(visit, language):
    one = visit("analyst", language)
    one.press("fillExample", number="1")
    one.press("analyse")
    verdict = one.page.locator(".verdict strong")
    verdict.wait_for()
    one.settled()

    assert verdict.inner_text() in {
        one.t(f"decision.{code}") for code in ("APPROVE", "REVIEW", "DECLINE")
    }
    assert one.page.locator(".scale figcaption").first.inner_text().endswith(".")
    rows = one.page.locator(".waterfall tbody tr")
    assert rows.first.inner_text().startswith(one.t("average"))
    assert rows.last.inner_text().startswith(one.t("score"))
    assert one.barriers() == []


def test_a_real_loan_is_typed_and_sent_by_the_keyboard_alone(visit, site):
    one, loan = visit("analyst"), site.loans[1]
    one.page.locator("#field-clientId").focus()
    one.page.keyboard.type(loan["clientId"])
    for name, value in loan["application"].items():
        for _ in range(20):
            one.page.keyboard.press("Tab")
            if one.page.evaluate("document.activeElement.id") == f"field-{name}":
                break
        if one.page.evaluate("document.activeElement.tagName") == "SELECT":
            one.page.locator(f"#field-{name}").select_option(str(value))
        else:
            one.page.keyboard.type(one.typed(value))
    one.page.keyboard.press("Enter")
    one.page.locator(".verdict").wait_for()

    expect(one.page.locator("section h2", has_text=one.t("decision"))).to_be_focused()


@pytest.mark.parametrize("language", ["es", "en"])
def test_each_error_is_beside_its_field(visit, site, language):
    one, loan = visit("analyst", language), site.loans[1]
    one.fill_loan(loan)
    one.page.locator("#field-amount").fill("50")
    one.page.locator("#field-zip").fill("<b>1")
    one.page.locator("#field-clientId").fill("")
    one.press("analyse")
    one.page.locator("#field-amount-error").wait_for()
    expect(one.page.locator("#field-clientId")).to_be_focused()

    assert "100" in one.page.locator("#field-amount-error").inner_text()
    assert one.page.locator("#field-zip-error").count() == 1
    assert one.page.locator("#field-clientId-error").count() == 1
    summary = one.page.get_by_role("alert").inner_text()
    assert one.t("client") in summary
    assert not {"clientId", "application.amount", "application.zip"} & set(
        summary.replace(",", " ").replace(". ", " ").split()
    )
    assert one.barriers() == []
    one.press("fillExample", number="1")
    expect(one.page.locator('[aria-invalid="true"], [role="alert"]')).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "unclear", "clear"), [("es", "150,000", "150.000"), ("en", "150.000", "150,000")]
)
def test_an_amount_is_read_by_the_language_and_an_unclear_one_is_not_sent(
    visit, site, language, unclear, clear
):
    one, amount = visit(language=language, role="analyst"), "#field-amount"
    sent = []
    one.page.on("request", lambda request: sent.append(request.url.endswith("/predict")))
    one.fill_loan(site.loans[1])
    for text in (unclear, "0x10", "1e5"):
        one.page.locator(amount).fill(text)
        one.press("analyse")
        told = one.t("notANumber", text=text)
        expect(one.page.locator(f"{amount}-error")).to_have_text(told)
    assert not any(sent)
    expect(one.page.locator(amount)).to_be_focused()
    assert one.barriers() == []
    one.page.locator(amount).fill(clear)
    with one.page.expect_request("**/predict") as asked:
        one.press("analyse")
    one.page.locator(".verdict").wait_for()

    assert asked.value.post_data_json["application"]["amount"] == 150_000


def test_another_language_keeps_the_form_and_the_answer(visit, site):
    one, loan = visit("analyst", "es"), site.loans[7]
    one.analyse(loan)
    with one.page.expect_response(f"**/predictions/{loan['clientId']}/*") as again:
        one.page.get_by_role("button", name="English").click()
    one.language, one.texts = "en", texts("en")
    one.heading("page.analysis").wait_for()
    one.settled()

    assert again.value.request.headers["accept-language"] == "en"
    assert one.page.locator("#field-clientId").input_value() == loan["clientId"]
    verdict = one.page.locator(".verdict strong").inner_text()
    assert verdict in {one.t(f"decision.{code}") for code in ("APPROVE", "REVIEW", "DECLINE")}


def test_a_changed_application_leaves_the_way_to_the_former_decision_alone(visit, site):
    one, loan = visit("analyst", "en"), site.loans[8]
    one.analyse(loan)
    one.page.locator("#field-clientId").fill("another")
    expect(one.page.locator(".verdict")).to_have_count(0)
    one.page.get_by_role("link", name=one.t("openDecision")).click()
    one.heading("page.decision").wait_for()

    assert f"/{loan['clientId']}/" in one.page.url


def test_without_a_consent_a_model_is_skipped_and_the_answer_says_so(visit, site):
    one = visit("analyst", "en")
    one.fill_loan(site.loans[2])
    one.page.get_by_role("checkbox").uncheck()
    one.press("analyse")
    one.page.locator(".verdict").wait_for()

    assert "is missing" in one.page.get_by_role("region", name="Models").inner_text()


def test_a_slider_asks_the_models_and_stores_nothing(visit, site):
    one = visit("analyst", "en")
    one.analyse(next(one for one in site.loans[3:] if one["application"]["revolving"] == "no"))
    before = one.page.locator(".waterfall tbody tr").last.text_content()
    with one.page.expect_response("**/trial") as tried:
        one.page.locator("#try-revolving").select_option(index=0)
    answer = tried.value.json()
    one.settled()

    highest = one.page.locator("#try-amount").get_attribute("max")
    with one.page.expect_response("**/trial") as lower:
        one.page.locator("#try-amount").fill("100")
    one.settled()

    assert answer["application"]["revolving"] == "yes"
    assert lower.value.json()["application"]["amount"] < int(highest)
    assert one.page.locator("#try-amount").get_attribute("max") == highest
    assert one.page.locator(".waterfall tbody tr").last.text_content() != before
    one.press("asStored")
    expect(one.page.locator(".waterfall tbody tr").last).to_have_text(before)


def test_what_was_typed_survives_a_lost_network_and_counts_once(visit, site):
    one, loan = visit("analyst"), site.loans[4]
    keys = []
    one.page.on(
        "request",
        lambda request: (
            request.url.endswith("/predict") and keys.append(request.headers.get("idempotency-key"))
        ),
    )
    one.fill_loan(loan)
    one.page.context.set_offline(True)
    one.press("analyse")
    one.page.get_by_role("alert").wait_for()
    assert one.t("networkLost") in one.page.get_by_role("alert").inner_text()
    assert one.page.locator("#field-clientId").input_value() == loan["clientId"]
    one.page.context.set_offline(False)
    one.press("again")
    one.page.locator(".verdict").wait_for()

    assert len(keys) == 2
    assert len({*keys}) == 1


def test_a_draft_survives_a_reload_and_goes_once_it_is_sent(visit, site):
    one, loan = visit("analyst"), site.loans[5]
    one.fill_loan(loan)
    one.page.reload()
    one.press("signIn")
    one.give_password("analyst")
    assert one.page.locator("#field-clientId").input_value() == loan["clientId"]
    one.press("analyse")
    one.page.locator(".verdict").wait_for()

    assert one.page.evaluate("Object.keys(sessionStorage)") == []


@pytest.mark.parametrize("width", [360, 3840])
def test_it_fits_a_telephone_and_a_wall(visit, site, width):
    one = visit("analyst", width=width)
    one.analyse(site.loans[6])

    assert one.overflow() <= 0
    assert one.barriers() == []


def test_a_button_under_the_pointer_is_read_in_the_dark(visit):
    one = visit("analyst")
    one.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    one.page.get_by_role("button", name=one.t("analyse"), exact=True).hover()

    assert one.barriers() == []


# What a person sees of a control: its ring and its shadow.
SEEN = "one => { const of = getComputedStyle(one); return [of.outlineStyle, of.boxShadow].join() }"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_control_shows_that_it_has_the_focus(visit, site, scheme):
    one = visit("analyst")
    one.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    one.analyse(site.loans[6])
    controls = one.page.locator(":is(header, main) :is(a, button, input, select, summary)").all()
    controls = [each for each in controls if each.is_visible() and each.is_enabled()]
    one.page.keyboard.press("Tab")  # from now on the browser takes the focus for the keyboard's
    kinds = set()
    for each in controls:
        one.page.evaluate("document.activeElement.blur()")
        before = each.evaluate(SEEN)
        each.focus()
        assert each.evaluate(SEEN) != before, each.evaluate("one => one.outerHTML")
        kinds.add(each.evaluate("one => one.type || one.tagName"))

    assert kinds >= {"text", "checkbox", "select-one", "range", "submit", "button", "A"}


def test_an_answer_is_there_again_after_another_page_and_back(visit, site):
    one = visit("analyst", "es")
    loan = site.loans[2]
    one.analyse(loan)
    told = one.page.locator(".verdict").inner_text()
    one.open("decisions")
    one.heading("page.decisions").wait_for()
    one.page.get_by_role("button", name="English").click()
    one.page.go_back()
    verdict = one.page.locator(".verdict")
    expect(verdict).to_be_visible()
    expect(verdict).not_to_have_text(told, use_inner_text=True)
    assert one.page.locator("#field-clientId").input_value() == loan["clientId"]
    assert one.page.evaluate("Object.keys(sessionStorage)") == []
    one.page.get_by_role("button", name=texts("en")["emptyForm"]).click()
    expect(verdict).to_have_count(0)
    assert one.page.locator("#field-clientId").input_value() == ""
    one.open("decisions")
    one.page.get_by_role("heading", name=texts("en")["page.decisions"]).wait_for()
    one.page.go_back()
    expect(one.page.locator("#field-clientId")).to_have_value("")
    expect(verdict).to_have_count(0)


def test_an_error_has_the_language_that_it_is_written_in(visit, site):
    one, error = visit("analyst", "es"), "#field-amount-error"
    one.fill_loan(site.loans[1])
    one.page.locator("#field-amount").fill("50")
    one.press("analyse")
    expect(one.page.locator(error)).to_have_attribute("lang", "es")
    told = one.page.locator(error).inner_text()
    summary = one.page.get_by_role("alert").inner_text()
    one.page.get_by_role("button", name="English").click()
    one.settled()
    assert one.page.get_by_role("alert").inner_text() == summary
    assert one.page.locator(error).inner_text() == told
    expect(one.page.locator(error)).to_have_attribute("lang", "es")
    one.page.locator("#field-amount").fill("0x10")
    one.page.get_by_role("button", name=texts("en")["analyse"]).click()
    english = texts("en")["notANumber"].format(text="0x10")
    expect(one.page.locator(error)).to_have_text(english)
    one.page.get_by_role("button", name="Español").click()

    expect(one.page.locator(error)).to_have_text(one.t("notANumber", text="0x10"))
    assert one.page.locator(error).get_attribute("lang") is None
