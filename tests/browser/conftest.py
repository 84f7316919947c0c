"""A page of the distribution's Chromium: make test-browser CHROMIUM=/usr/bin/chromium."""

import os
from collections.abc import Callable, Iterator

import boto3
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from bank.api import serving_api
from bank.demo_users import console_access, demo_people
from bank.embedded_bank import open_bank
from bank.first_run import bring
from datasets.sba import SAMPLE, dataset_of
from infrastructure.deploy.steps import user_pool
from tests.browser.console_visit import API_KEY, PATIENCE_MS, Site, Visit

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
    folder, sample = tmp_path_factory.mktemp("console"), dataset_of(pd.read_parquet(SAMPLE))
    with open_bank(folder / "bank") as bank, serving_api(bank, API_KEY, 0) as port:
        pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
        demo_people.make_people(pool, folder)
        address = console_access.open_console(bank, port, bank.cloud.serve_aws(0))
        bring(bank, sample, Console(quiet=True))
        yield Site(bank, address, demo_people.passwords(folder), [*sample.cases()])


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Visits of people to the console, each in a browser of its own, that break no policy."""
    visits: list[Visit] = []

    def begin(role: str, language: str = "es", width: int = 1280) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900})
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
