"""A person's visit to the console of a bank in service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
from playwright.sync_api import Locator, Page, Route, expect
from rich.console import Console

from bank.api import serving_api
from bank.demo_users import console_access, demo_people
from bank.embedded_bank import Bank, open_bank
from bank.first_run import bring
from datasets import Case
from datasets.sba import SAMPLE, dataset_of
from infrastructure.deploy.steps import user_pool
from infrastructure.first_models import first_model_steps

ROOT = Path(__file__).parents[2]
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 40_000
API_KEY = "the-key-of-the-browser"
expect.set_options(timeout=PATIENCE_MS)
SERIOUS = ("serious", "critical")
STILL = "() => !document.getAnimations().some((one) => one instanceof CSSTransition)"


def texts(language: str) -> dict[str, str]:
    """Return the console's texts of a language, by key."""
    source = (ROOT / "console" / "src" / "texts" / f"{language}.js").read_text(encoding="utf-8")
    body = source[source.index("{") : source.rindex("}")].rstrip().rstrip(",")
    found: dict[str, str] = json.loads(f"{body}}}")
    return found


@dataclass(frozen=True)
class Site:
    bank: Bank
    address: str
    passwords: dict[str, str]
    loans: list[Case]


@contextmanager
def served_site(folder: Path) -> Iterator[Site]:
    """Serve a bank whose models were trained on real loans, with its console and its people."""
    sample = dataset_of(pd.read_parquet(SAMPLE))
    with open_bank(folder / "bank") as bank, serving_api(bank, API_KEY, 0) as port:
        pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
        demo_people.make_people(pool, folder)
        address = console_access.open_console(bank, port, bank.cloud.serve_aws(0))
        bring(bank, sample, Console(quiet=True))
        yield Site(bank, address, demo_people.passwords(folder), [*sample.cases()])


def losing_the_first_answer(page: Page, address: str) -> list[Any]:
    """Lose the answer to the first POST to an address; return the bodies of all, as they come."""
    sent: list[Any] = []

    def handle(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data_json)
        if len(sent) == 1 and route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(address, handle)
    return sent


def holding(page: Page, address: str) -> list[Route]:
    """Hold the requests to an address on their way; return them, as they come."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(address, hold)
    return held


def anchor_today(bank: Bank) -> None:
    """Anchor the days until today, as if it were tomorrow."""
    event = first_model_steps.scheduled_event(datetime.now(UTC) + timedelta(days=1))
    function = bank.settings.function("anchorEvidence")
    boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))


@dataclass
class Visit:
    site: Site
    page: Page
    language: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        self.texts = texts(self.language)

    def t(self, key: str, **places: str) -> str:
        """Return a text of the console in the visit's language."""
        return self.texts[key].format(**places) if places else self.texts[key]

    def sign_in(self, person: str) -> None:
        """Open the console, choose the language, and sign in at the user pool."""
        page = self.page
        page.goto(self.site.address)
        if self.language == "en":
            page.get_by_role("button", name="English").click()
        page.get_by_role("button", name=self.t("signIn"), exact=True).click()
        self.give_password(person)

    def give_password(self, person: str) -> None:
        page = self.page
        page.locator("input[name=username]").fill(person)
        page.locator("input[name=password]").fill(self.site.passwords[person])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=self.t("signOut")).wait_for()

    def open(self, *names: str) -> None:
        """Open a page by its address in the console, as a link does."""
        self.page.evaluate("hash => { location.hash = hash }", "#/" + "/".join(names))

    def heading(self, key: str) -> Locator:
        return self.page.get_by_role("heading", level=1, name=self.t(key), exact=True)

    def press(self, key: str, **places: str) -> None:
        name = self.t(key, **places)
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def settled(self) -> None:
        """Wait until the page asks nothing more."""
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator("main [aria-busy=true]")).to_have_count(0)

    def barriers(self) -> list[str]:
        """Return what axe-core finds serious on the page, with where.

        A control that changes its colours has them all once its transition has ended.
        """
        self.settled()
        self.page.wait_for_function(STILL)
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("axe.run(document)")
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def typed(self, value: Any) -> str:
        """Return a value as it is typed in the visit's language."""
        is_spanish_number = isinstance(value, float) and self.language == "es"
        return str(value).replace(".", ",") if is_spanish_number else str(value)

    def fill_loan(self, loan: Case) -> None:
        """Type a real loan into the form of a new analysis."""
        page = self.page
        page.locator("#field-clientId").fill(loan["clientId"])
        for name, value in loan["application"].items():
            place = page.locator(f"#field-{name}")
            if place.evaluate("one => one.tagName") == "SELECT":
                place.select_option(str(value))
            else:
                place.fill(self.typed(value))

    def analyse(self, loan: Case) -> None:
        """Send a real loan, and wait for its decision."""
        self.open("analysis")
        self.heading("page.analysis").wait_for()
        self.fill_loan(loan)
        self.press("analyse")
        self.page.locator(".verdict").wait_for()
        self.settled()
