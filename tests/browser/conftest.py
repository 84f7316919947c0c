"""A page of the distribution's Chromium: make test-browser CHROMIUM=/usr/bin/chromium."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from bank.first_run import body_of
from tests.browser.console_visit import API_KEY, PATIENCE_MS, Site, Visit, served_site

# A page keeps what its policy refused, from before its first script on.
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (one) =>
  violations.push(`${one.violatedDirective}: ${one.blockedURI}`));
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # As root there is no sandbox; the browser sees this machine's pages only.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page(browser: Browser) -> Page:
    page = browser.new_page()
    page.add_init_script(VIOLATIONS)
    return page


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A bank in service, with models trained on real loans, and its console."""
    with served_site(tmp_path_factory.mktemp("console")) as site:
        yield site


@pytest.fixture(scope="package")
def decided(site: Site) -> list[dict[str, Any]]:
    """Real loans that the score decided."""
    headers = {"x-api-key": API_KEY}
    bodies = [body_of(loan) for loan in site.loans[20:60]]
    answers = [
        requests.post(f"{site.address}predict", json=one, headers=headers, timeout=30)
        for one in bodies
    ]
    assert {one.status_code for one in answers} == {200}
    return [one.json() for one in answers]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Visits of people to the console, each in a browser of its own, that break no policy."""
    visits: list[Visit] = []

    def begin(role: str, language: str = "es", width: int = 1280, **more: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, **more)
        context.add_init_script(VIOLATIONS)
        context.set_default_timeout(PATIENCE_MS)
        visits.append(Visit(site, context.new_page(), language))
        visits[-1].sign_in(role)
        return visits[-1]

    yield begin
    for one in visits:
        assert one.page.evaluate("violations") == []
        assert one.faults == []
        one.page.context.close()
