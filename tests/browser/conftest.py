"""A page of the distribution's Chromium: make test-browser CHROMIUM=/usr/bin/chromium."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

# A page keeps what its policy refused, from before its first script on.
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (one) =>
  violations.push(`${one.violatedDirective}: ${one.blockedURI}`));
"""


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        # As root there is no sandbox; the browser sees this machine's pages only.
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=options)
        page = browser.new_page()
        page.add_init_script(VIOLATIONS)
        yield page
        browser.close()
