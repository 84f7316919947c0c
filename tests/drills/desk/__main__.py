"""A day at the decision desk: python -m tests.drills.desk [minutes]      120 without a number

Three clients send 200 real applications; four people review, two of whom try what they may not;
five decisions are contested; the policy changes, and is rolled back; a client is erased; and an
examiner's archive names a forgery. Each line is what was seen, and `!` marks what should not be.
"""

import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from bank.first_run import body_of
from chalicelib.foundation.settings import Settings
from chalicelib.governance.policies.in_force import SECONDS_UNTIL_SEEN
from chalicelib.profile import load
from datasets.sba import SAMPLE, dataset_of
from infrastructure import embedded
from tests.drills.bank_process import BankProcess, bank_process
from tests.drills.desk import evidence
from tests.drills.desk.people import Machine, People

CLIENTS = ("core-system-31", "branch-office-47", "planted-client-60318825")
ERASED, WORDS = CLIENTS[2], "Planted words 48120077"
APPLICATIONS, REVIEWS, CONTESTS = 200, 40, 5
REVIEWERS = ("reviewer", "second-reviewer", "third-reviewer", "analyst-reviewer")
YES = {"verdict": "APPROVE", "reason": "INCOME_VERIFIED", "text": f"Seen: {WORDS}."}
NO = {"verdict": "DECLINE", "reason": "POLICY", "text": f"Not seen: {WORDS}."}

Document = dict[str, Any]


class Report:
    """Lines of the drill, and whether all is as it should be."""

    def __init__(self) -> None:
        self.is_good = True
        self._writing = threading.Lock()

    def say(self, is_right: bool, line: str) -> None:
        with self._writing:
            self.is_good &= is_right
            print(f"{' ' if is_right else '!'} {line}", flush=True)


class Desk:
    """One day: the bank, its people and machines, and what they were answered."""

    def __init__(self, bank: BankProcess, bodies: list[Document], minutes: float) -> None:
        self.settings = Settings("appvengers", "dev", "us-east-1")
        self.people = People(bank, self.settings)
        self.scoring, self.reading = Machine(bank, "scoring"), Machine(bank, "reading")
        self.report = Report()
        self.decided: list[Document] = []
        self.statuses: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self._bank, self._bodies, self._seconds = bank, bodies, minutes * 60
        self._ended = threading.Event()

    def applications(self, client: str, bodies: list[Document], seed: int) -> None:
        """Send a client's applications, at random times in the minutes of the day."""
        chance = random.Random(seed)
        for number, body in enumerate(bodies):
            time.sleep(chance.uniform(0, 2 * self._seconds / len(bodies)))
            key = f"{client}-{number}"
            answer = self.scoring.post(
                "/predict", body | {"clientId": client}, **{"Idempotency-Key": key}
            )
            self.statuses[f"predict {answer.status_code}"] += 1
            if answer.status_code == 200:
                self.decided.append(answer.json())

    def reviews(self, name: str, seed: int) -> None:
        """Review as one person until the people have given their verdicts."""
        chance, barred = random.Random(seed), set[str]()
        while not self._ended.is_set() and self.verdicts.total() < REVIEWS:
            open_cases = [c for c in self.queue(name) if c["predictionId"] not in barred]
            if not open_cases:
                time.sleep(1)
                continue
            case = chance.choice(open_cases)
            if self.people.ask(name, "POST", f"{place(case)}/review/claim").status_code != 200:
                barred.add(case["predictionId"])  # it is another person's
                continue
            verdict = YES if chance.random() < 0.4 else NO
            if self.verdict(name, case, verdict) == 200:
                self.verdicts[name] += 1
            barred.add(case["predictionId"])
            time.sleep(chance.uniform(0, 2 * self._seconds * len(REVIEWERS) / REVIEWS / 2))

    def queue(self, name: str) -> list[Document]:
        return list(self.people.ask(name, "GET", "/reviews?state=open&limit=100").json()["reviews"])

    def verdict(self, name: str, case: Document, verdict: Document) -> int:
        words = {"text": f"{verdict['text']} About {case['clientId']}."}
        answer = self.people.ask(name, "POST", f"{place(case)}/review", verdict | words)
        self.statuses[f"verdict {answer.status_code}"] += 1
        if answer.status_code == 200 and (final := answer.json()["reviews"][-1].get("final")):
            self.ended[final] += 1
        return answer.status_code

    def refused(self, what: str, status: int, wanted: Iterable[int]) -> None:
        self.report.say(status in wanted, f"refused with {status}: {what}")

    def what_is_forbidden(self) -> None:
        """Two reviewers try what they may not, by their tokens and by forged ones."""
        ask, case = self.people.ask, self._large_case()
        self.refused("a second verdict by the first person", self._twice(case), [403])
        mine = ask("analyst-reviewer", "POST", "/predict", self._reviewed_body()).json()
        asked = self.verdict("analyst-reviewer", mine, YES)
        self.refused("a verdict on a decision that this person asked for", asked, [403])
        others = (c for c in self.queue("reviewer") if c["predictionId"] != case["predictionId"])
        other = next(c for c in others if self._claims("reviewer", c))
        taken = self.verdict("third-reviewer", other, NO)
        self.refused("a verdict on a case that another person has", taken, [409])
        ask("reviewer", "POST", f"{place(other)}/review/release")
        for name, method, path, body in (
            ("third-reviewer", "POST", "/policies", {"policy": {"rules": []}, "reason": "Mine."}),
            ("analyst-reviewer", "POST", "/policy-rollback", {"policy": "0", "reason": "Mine."}),
            ("third-reviewer", "DELETE", f"/clients/{ERASED}?reason=CLIENT_REQUEST", None),
        ):
            answer = ask(name, method, path, body)
            self.refused(f"{method} {path} by {name}", answer.status_code, [403])
        forged = self.people.token("third-reviewer").rsplit(".", 1)[0] + ".AAAA"
        answer = self.people.ask_with(forged, "POST", f"{place(case)}/review", YES)
        self.refused("a verdict by a token with another signature", answer.status_code, [401])
        answer = self.scoring.post(f"{place(case)}/review", YES)
        self.refused("a verdict by an API key", answer.status_code, [403, 404])

    def _claims(self, name: str, case: Document) -> bool:
        """Claim a case, which another reviewer of the day may have already."""
        return self.people.ask(name, "POST", f"{place(case)}/review/claim").status_code == 200

    def change_of_policy(self) -> None:
        """Draft a stricter policy, approve it by two people, see it, and take it back."""
        ask, before = self.people.ask, load().policy_version()
        decision = msgspec.json.decode(msgspec.json.encode(load().decision)) | {"approve_from": 575}
        draft = {"policy": {"decision": decision}, "reason": "Losses rise."}
        made = ask("risk", "POST", "/policies", draft).json()
        approval = f"/policy-drafts/{made['id']}/approval"
        swaps = ask("risk", "GET", f"/policy-drafts/{made['id']}/swap-set").json()
        self.report.say("moves" in str(swaps), f"the draft's swap set: {str(swaps)[:90]}")
        first = ask("risk", "POST", approval).status_code
        self.refused("a second approval by one person", ask("risk", "POST", approval).status_code,
                     [409])  # fmt: skip
        second = ask("second-risk", "POST", approval).status_code
        time.sleep(SECONDS_UNTIL_SEEN + 1)
        seen = self._policy_of_a_decision()
        self.report.say(
            (first, second, seen) == (200, 200, made["policy"]),
            f"two people approved policy {made['policy']}; decisions are made by {seen}",
        )
        self.pause(0.2)
        back = {"policy": before, "reason": "Callers complain: emergency."}
        status = ask("operator", "POST", "/policy-rollback", back).status_code
        time.sleep(SECONDS_UNTIL_SEEN + 1)
        seen = self._policy_of_a_decision()
        self.report.say((status, seen) == (200, before), f"the operator rolled back to {seen}")

    def counter_offer(self) -> None:
        """Take a counter-offer, repeat it, and try to decide on the application all the same."""
        offered = next(filter(self._is_offered, self.decided), None)
        if offered is None:
            return self.report.say(False, "no decision has a counter-offer")
        largest = self.reading.get(f"{place(offered)}/offer").json()["largestAmount"]
        amount = {"takenAmount": largest}
        answers = [self.scoring.post(f"{place(offered)}/offer", amount) for _ in range(3)]
        loans = {one.json()["predictionId"] for one in answers}
        granted = {one.json()["decision"] for one in answers}
        self.report.say((len(loans), granted) == (1, {"APPROVE"}), f"a counter-offer: {granted}")
        status = self.verdict("reviewer", offered, YES)
        self.refused("a verdict after the counter-offer was taken", status, [409])
        return None

    def _is_offered(self, one: Document) -> bool:
        if one["decision"] == "APPROVE" or one["clientId"] == ERASED:
            return False
        return self.reading.get(f"{place(one)}/offer").json()["largestAmount"] is not None

    def contests(self) -> None:
        """Contest five decisions to decline, and end each by people who did not decide before."""
        declined = list(islice(filter(self._is_declined, self.decided), CONTESTS))
        for one in declined:
            answer = self.scoring.post(f"{place(one)}/contest", {"text": f"{WORDS}: it is wrong."})
            self.statuses[f"contest {answer.status_code}"] += 1
        verdicts = [NO if number % 2 else YES for number in range(len(declined))]
        ended = Counter(self._end_contest(*pair) for pair in zip(declined, verdicts, strict=True))
        wanted = {"CHANGED": 3, "UPHELD": 2}
        self.report.say(dict(ended) == wanted, f"{CONTESTS} contests ended: {dict(ended)}")

    def _end_contest(self, one: Document, verdict: Document) -> str | None:
        """Have each reviewer try until the contest has an outcome, and return it."""
        for name in REVIEWERS:
            self.verdict(name, one, verdict)
            shown = self.reading.get(f"{place(one)}/explanation").json()["contest"]
            if "outcome" in shown:
                return str(shown["outcome"])
        return None

    def _is_declined(self, one: Document) -> bool:
        shown = self.reading.get(place(one)).json()
        return "DECLINE" in (one["decision"], (shown.get("finalDecision") or {}).get("decision"))

    def erasure(self, folder: Path) -> None:
        """Erase a client, whose loans alone stay readable."""
        path, before = f"/clients/{ERASED}?reason=CLIENT_REQUEST", evidence.places(folder, ERASED)
        self.refused("an erasure by risk", self.people.ask("risk", "DELETE", path).status_code,
                     [403])  # fmt: skip
        answer = self.people.ask("operator", "DELETE", path)
        classes = {one["class"]: one for one in answer.json().get("classes", [])}
        self.report.say(answer.status_code == 200, f"erased: {classes}")
        kept = classes.get("loans", {}).get("kept", 0)
        left = self.reading.get(f"/predictions/{ERASED}?limit=100").json()["predictions"]
        self.report.say(
            bool(before) and all(self._is_loan(one) for one in left),
            f"of the erased client the loans stay, as the law asks: {len(left)} ({kept} records)",
        )
        stays = {one["predictionId"] for one in left}
        named = evidence.decisions_with(self.settings, ERASED)
        self.report.say(named == stays, f"records that name the client are of {len(named)} loans")

    def checks(self) -> None:
        """Hold the day's figures against the answers of the day."""
        counts = self.statuses
        self.report.say(
            counts["predict 200"] == len(self.decided) == APPLICATIONS,
            f"{APPLICATIONS} applications: {dict(Counter(o['decision'] for o in self.decided))}",
        )
        who = dict(self.verdicts)
        is_done = REVIEWS <= self.verdicts.total() < REVIEWS + len(REVIEWERS) and len(who) == 4
        self.report.say(is_done, f"reviews by person: {who}")
        self.report.say(not [s for s in counts if s[-3:] >= "500"], f"answers: {dict(counts)}")
        figures = self.people.ask("risk", "GET", "/portfolio").json()["all"]
        counted = {"APPROVE": figures["approved"], "DECLINE": figures["declined"]}
        self.report.say(
            counted == dict(self.ended),
            f"people ended {dict(self.ended)}; the portfolio: {figures}",
        )

    def examiner(self, folder: Path, first: str) -> None:
        """Write evidence, verify it, and then forge one decision and remove another."""
        days, last = evidence.anchor(self.settings, 1), datetime.now(UTC).date().isoformat()
        is_whole, said = evidence.verified(evidence.archive(folder, first, last))
        self.report.say(is_whole and bool(days), f"the archive of {days}: {said.strip()[:200]}")
        same = evidence.agrees_with_the_account(folder)
        self.report.say(same, "its anchors are the account's")
        stays = [one for one in self.decided if one["clientId"] != ERASED]
        forged = next(one for one in stays if one["decision"] == "DECLINE")
        gone = next(one for one in stays if one["decision"] == "APPROVE")
        evidence.forge(self.settings, *ids(forged), "APPROVE")
        evidence.remove(self.settings, *ids(gone))
        is_whole, said = evidence.verified(evidence.archive(folder, first, last))
        named = [one["predictionId"] in said for one in (forged, gone)]
        self.report.say(not is_whole and all(named), f"forged and removed: {said.strip()[:400]}")

    def pause(self, share: float) -> None:
        time.sleep(self._seconds * share)

    def end(self) -> None:
        self._ended.set()

    def _is_loan(self, one: Document) -> bool:
        shown = self.reading.get(place(one)).json()
        return "APPROVE" in (one["decision"], (shown.get("finalDecision") or {}).get("decision"))

    def _policy_of_a_decision(self) -> str:
        answer = self.scoring.post("/predict", self._bodies[0] | {"clientId": "policy-probe"})
        return str(answer.json()["policyVersion"])

    def _reviewed_body(self) -> Document:
        body = self._bodies[5]
        large = body["application"] | {"amount": 400_000, "employees": 0}
        return body | {"clientId": "large-amount", "application": large}

    def _large_case(self) -> Document:
        """Return a case that needs two people."""
        return dict(self.scoring.post("/predict", self._reviewed_body()).json())

    def _twice(self, case: Document) -> int:
        self.verdict("third-reviewer", case, YES)
        return self.verdict("third-reviewer", case, NO)


def place(one: Document) -> str:
    return f"/predictions/{one['clientId']}/{one['predictionId']}"


def ids(one: Document) -> tuple[str, str]:
    return one["clientId"], one["predictionId"]


def a_day(desk: Desk, bodies: list[Document]) -> None:
    """Let clients apply while people review; then the policy changes, and people contest."""
    with ThreadPoolExecutor(len(CLIENTS) + len(REVIEWERS)) as pool:
        applying = [
            pool.submit(desk.applications, client, bodies[number :: len(CLIENTS)], number)
            for number, client in enumerate(CLIENTS)
        ]
        reviewing = [pool.submit(desk.reviews, name, seed) for seed, name in enumerate(REVIEWERS)]
        desk.pause(0.3)
        desk.what_is_forbidden()
        desk.change_of_policy()
        for one in applying:
            one.result()
        desk.pause(0.1)
        desk.end()
        for one in reviewing:
            one.result()
    desk.counter_offer()
    desk.contests()


@contextmanager
def bank_of_a_day(folder: Path) -> Iterator[BankProcess]:
    with bank_process(folder / "bank", folder / "bank.log") as bank:
        bank.start()
        os.environ |= embedded.CLIENT | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{bank.aws_port}"}
        yield bank


def main(minutes: float) -> None:
    first = datetime.now(UTC).date().isoformat()
    bodies = [body_of(case) for case in dataset_of(pd.read_parquet(SAMPLE)).cases()][:APPLICATIONS]
    with tempfile.TemporaryDirectory() as name, bank_of_a_day(Path(name)) as bank:
        desk = Desk(bank, bodies, minutes)
        a_day(desk, bodies)
        desk.checks()
        said = evidence.replays(2 * APPLICATIONS)
        desk.report.say(not said.startswith("FAILED"), f"replay: {said[-200:]}")
        desk.erasure(bank.folder)
        desk.examiner(Path(name), first)
    print(
        "The day is as it should be." if desk.report.is_good else "The day is NOT as it should be."
    )
    sys.exit(0 if desk.report.is_good else 1)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 120.0)
