"""The viewer in a browser: it shows each operation, sends a request, and breaks no policy."""

import pytest

from chalicelib.http.openapi.document import document
from chalicelib.profile import load
from tests.browser.console_visit import API_KEY


@pytest.fixture(scope="module")
def url(site):
    return site.address.removesuffix("/")


@pytest.fixture(scope="module")
def asked(page, url):
    """The addresses that the page asks, from its first on."""
    found, faults = [], []
    page.on("request", lambda request: found.append(request.url))
    page.on("pageerror", lambda fault: faults.append(fault))  # noqa: PLW0108 - it sets attributes
    page.goto(f"{url}/docs")
    page.wait_for_selector(".opblock")
    assert faults == []
    return found


def test_it_shows_every_operation(page, asked):
    whole = document(load())
    places = [*whole["paths"].values(), *whole["webhooks"].values()]
    described = [one for by in places for one in by.values()]

    assert page.locator(".opblock").count() == len(described)
    assert page.locator(".opblock-summary-path").count() == len(described)


def test_a_request_is_sent_with_the_key_that_a_reader_gives(page, url, asked):
    page.locator(".btn.authorize").click()
    page.locator(".auth-container input").first.fill(API_KEY)
    page.locator(".auth-btn-wrapper .authorize").first.click()
    page.locator(".btn-done").first.click()
    page.locator("#operations-models-listModels .opblock-summary-control").click()
    page.locator("#operations-models-listModels .try-out__btn").click()
    page.locator("#operations-models-listModels .execute").click()
    status = page.locator(
        "#operations-models-listModels .live-responses-table .response-col_status"
    )
    status.nth(1).wait_for()

    assert status.nth(1).inner_text().startswith("200")
    assert f"{url}/models" in asked


def test_it_asks_no_other_host_and_its_policy_is_never_broken(page, url, asked):
    assert {one for one in asked if not one.startswith((f"{url}/", "data:"))} == set()
    assert page.evaluate("violations") == []


def test_a_policy_that_is_broken_would_be_seen(page, asked):
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )
    page.wait_for_function("violations.length > 0")

    assert page.evaluate("violations")[0].startswith("script-src")
