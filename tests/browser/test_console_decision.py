"""A decision's page: the evidence, the replay, the explanation."""

import pytest
import requests
from playwright.sync_api import expect

from bank.first_run import body_of
from tests.browser.console_visit import API_KEY, texts


def decided(one, loan):
    one.analyse(loan)
    one.page.get_by_role("link", name=one.t("openDecision")).click()
    one.heading("page.decision").wait_for()
    one.settled()


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_has_what_defends_the_decision(visit, site, language):
    one = visit("analyst", language)
    decided(one, site.loans[7])
    one.press("replayNow")
    outcome = one.page.get_by_text(one.t("replay.SAME"))
    outcome.wait_for()
    hashes = one.page.locator("table code").all_inner_texts()

    with one.page.expect_download() as saved:
        one.press("savePage")
    page = saved.value.path().read_text(encoding="utf-8")

    assert f'<html lang="{language}"' in page
    assert saved.value.suggested_filename.startswith("explanation-")
    assert sum(len(each) == 64 for each in hashes) == 3
    assert one.page.locator(".letter").count() == 1
    assert one.page.locator(".letter li").count() >= 3
    assert one.barriers() == []


def test_the_explanation_is_in_the_language_of_its_decision(visit, site):
    one = visit("analyst", "es")
    decided(one, site.loans[7])
    letter = one.page.locator(".letter")
    sent = letter.inner_text()
    one.page.get_by_role("button", name="English").click()
    expect(one.page.get_by_role("heading", level=1, name="Decision")).to_be_visible()
    one.settled()

    with one.page.expect_download() as saved:
        one.page.get_by_role("button", name=texts("en")["savePage"]).click()

    assert letter.get_attribute("lang") == "es"
    assert letter.inner_text() == sent
    assert one.t("criteria") in sent
    assert '<html lang="es"' in saved.value.path().read_text(encoding="utf-8")


def test_the_waterfall_names_its_features_in_the_language_of_now(visit, site):
    one = visit("analyst", "es")
    decided(one, site.loans[7])
    names = one.page.locator(".waterfall tbody th")
    in_spanish = names.all_inner_texts()

    one.page.get_by_role("button", name="English").click()

    expect(names).not_to_have_text(in_spanish, use_inner_text=True)
    one.settled()
    in_english = names.all_inner_texts()
    assert len(in_english) == len(in_spanish)
    assert not {*in_english} & {*in_spanish}


def test_a_decision_from_the_list_is_the_same_page_for_an_auditor(visit, site):
    visit("analyst", "en").analyse(site.loans[8])
    one = visit("auditor", "en")
    one.open("decisions")
    one.page.locator("tbody th a").first.click()
    one.heading("page.decision").wait_for()
    one.settled()

    assert one.page.get_by_role("button", name=one.t("fileContest")).count() == 0
    assert one.page.get_by_role("button", name=one.t("replayNow")).count() == 1


def test_it_is_printed_without_what_is_for_the_screen(visit, site):
    one = visit("analyst")
    decided(one, site.loans[9])
    one.page.emulate_media(media="print")

    assert not one.page.locator("header nav").is_visible()
    assert not one.page.get_by_role("button", name=one.t("replayNow")).is_visible()
    assert one.page.locator(".letter").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_has_what_is_folded_on_the_screen_in_light_colours(visit, site, scheme):
    one = visit("analyst")
    decided(one, site.loans[9])
    folded = one.page.get_by_role("region", name=one.t("dataUsed", count="").split("(")[0])
    table, colour = (
        folded.locator("table"),
        "getComputedStyle(document.body).getPropertyValue('--approve')",
    )
    on_screen = table.is_visible(), one.page.evaluate(colour)
    one.page.emulate_media(media="print", color_scheme=scheme)

    assert on_screen == (False, "#1a7f4b")
    assert (table.is_visible(), one.page.evaluate(colour)) == (True, "#1a7f4b")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_have_enough_contrast(visit, site, scheme):
    one = visit("analyst")
    one.page.emulate_media(color_scheme=scheme)
    decided(one, site.loans[10])

    assert one.barriers() == []


@pytest.fixture(scope="module")
def countered(site):
    """A real loan of twice its amount, for which there is a counter-offer."""
    headers = {"x-api-key": API_KEY}
    for loan in site.loans[20:90]:
        body = body_of(loan)
        body["application"] = body["application"] | {"amount": 2 * body["application"]["amount"]}
        one = requests.post(f"{site.address}predict", json=body, headers=headers, timeout=30).json()
        place = f"predictions/{loan['clientId']}/{one['predictionId']}"
        offer = requests.get(f"{site.address}{place}/offer", headers=headers, timeout=30).json()
        if offer["outcome"] == "COUNTER_OFFER":
            return one | {"largestAmount": offer["largestAmount"]}
    raise AssertionError("No loan of the sample has a counter-offer.")


@pytest.mark.parametrize(("language", "mark"), [("es", "."), ("en", ",")])
def test_a_counter_offer_is_said_in_a_sentence_with_its_amount(visit, countered, language, mark):
    one = visit("analyst", language)
    one.open("decision", countered["clientId"], countered["predictionId"])
    one.heading("page.decision").wait_for()
    offer = one.page.locator("section", has_text=one.t("counterOffer"))
    expect(offer.get_by_text(one.t("offerFound"), exact=True)).to_be_visible()
    amount = f"{countered['largestAmount']:,.0f}".replace(",", mark)
    largest = offer.locator("dl div", has_text=one.t("largestAmount")).locator("dd")
    expect(largest).to_contain_text(amount)

    assert offer.get_by_role("button").inner_text().find(amount) > 0
    assert one.barriers() == []


def test_a_refused_filter_leaves_no_decisions_of_the_former_one(visit, site):
    one = visit("auditor", "en")
    visit("analyst", "en").analyse(site.loans[8])
    one.open("decisions")
    one.page.locator("tbody th a").first.wait_for()
    one.page.locator("#from").fill("2031-01-01")
    one.page.locator("#to").fill("2030-01-01")
    expect(one.page.get_by_role("alert")).to_be_visible()

    assert one.page.locator("tbody").count() == 0
