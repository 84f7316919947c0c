"""Screenshots of each page of the console at two widths, on real loans: make screenshots.

python -m tests.browser.screenshots
"""

import base64
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import requests
from playwright.sync_api import Browser, sync_playwright

from bank.first_run import body_of
from tests.browser.console_visit import API_KEY, ROOT, Site, Visit, anchor_today, served_site

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {1280: 900, 360: 720}
SHOWN = (  # the page's name, who looks, and the part of the page that is shown
    ("analysis", "analyst", "form"),
    ("answer", "analyst", ".verdict"),
    ("waterfall", "analyst", ".scale"),
    ("decision", "reviewer", "h1"),
    ("queue", "reviewer", "h1"),
    ("client", "reviewer", "h1"),
    ("portfolio", "risk", "h1"),
    ("models", "risk", "h1"),
    ("policy", "risk", "h1"),
    ("erasure", "operator", "h1"),
    ("evidence", "auditor", "h1"),
    ("batches", "analyst", "h1"),
)
QUALITY = 0.6
TO_WEBP = """async ([png, quality]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width; canvas.height = image.height;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


def main() -> None:
    os.environ |= {  # of the embedded bank, as the tests have them
        "APP_NAME": "appvengers", "STAGE": "dev", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing",
        "POWERTOOLS_SERVICE_NAME": "dev-appvengers",
    }  # fmt: skip
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served_site(Path(folder)) as site:
        cases = _decided(site)
        anchor_today(site.bank)
        with _browser() as browser:
            for width in SIZES:
                _take(browser, site, cases, width)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=options)
        yield browser
        browser.close()


def _decided(site: Site) -> list[dict[str, str]]:
    """Decide real loans, and return those that a person decides on."""
    headers = {"x-api-key": API_KEY}
    bodies = [body_of(loan) for loan in islice(site.loans, 120)]
    answers = [
        requests.post(f"{site.address}predict", json=one, headers=headers, timeout=30).json()
        for one in bodies
    ]
    return [one for one in answers if one["decision"] == "REVIEW"]


def _take(browser: Browser, site: Site, cases: list[dict[str, str]], width: int) -> None:
    visits: dict[str, Visit] = {}
    place = {"clientId": cases[0]["clientId"], "predictionId": cases[0]["predictionId"]}
    for name, person, part in SHOWN:
        if person not in visits:
            size = {"width": width, "height": SIZES[width]}
            visits[person] = Visit(site, browser.new_page(viewport=size), "en")
            visits[person].sign_in(person)
        visit = visits[person]
        _open(visit, name, place)
        visit.page.locator(part).first.evaluate("one => one.scrollIntoView()")
        if part == "h1":
            visit.page.evaluate("scrollTo(0, 0)")
        _save(browser, visit.page.screenshot(), FOLDER / f"{name}-{width}.webp")


def _open(visit: Visit, name: str, place: dict[str, str]) -> None:
    if name == "analysis":
        visit.press("fillExample", number="1")
    elif name == "answer":
        visit.press("analyse")
        visit.page.locator(".verdict").wait_for()
    elif name in ("decision", "evidence"):
        visit.open(name, place["clientId"], place["predictionId"])
        visit.heading(f"page.{name}").wait_for()
    elif name == "client":
        visit.open(name, place["clientId"])
        visit.heading("page.client").wait_for()
    elif name != "waterfall":
        visit.open(name)
        visit.heading(f"page.{name}").wait_for()
    visit.page.wait_for_timeout(500)
    visit.settled()


def _save(browser: Browser, png: bytes, place: Path) -> None:
    """Write a screenshot as WebP, which the browser itself makes of it: a tenth of its PNG."""
    page = browser.new_page()
    packed = page.evaluate(TO_WEBP, [base64.b64encode(png).decode(), QUALITY])
    page.close()
    place.write_bytes(base64.b64decode(packed))
    print(f"{place.relative_to(ROOT)}: {place.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
