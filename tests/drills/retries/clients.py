"""Clients that send one application each, again and again, with one key; and what they saw."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.drills.bank_process import BankProcess

PATIENCE_SECONDS = 40.0
PAUSE_SECONDS = 30.0  # between two requests of a client, on average
ARRIVAL_SHARE = 0.5  # of the drill, in which clients come
LAST_SECONDS = 240.0  # for the last answer: an analysis has failed after 120, and begins again
CONNECTIONS = 24  # of all clients at a time, as a core system's pool
STACK_BYTES = 256 * 1024
ASYNC = {"Prefer": "respond-async"}
ALLOWED = {200, 202, 429, 503, 504}
ACTS = ("wait", "async", "impatient", "twice", "look", "another")
WEIGHTS = (35, 25, 12, 5, 20, 3)

Document = dict[str, Any]


@dataclass
class Seen:
    """Answers of all clients, by client: the predictions that they named, and the decisions."""

    statuses: Counter[str] = field(default_factory=Counter)
    predictions: dict[str, set[str]] = field(default_factory=dict)
    decisions: dict[str, Document] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    pool: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(CONNECTIONS))


class Client:
    """One caller: its application, its key, and what it was answered so far."""

    def __init__(
        self, number: int, body: Document, other: Document, bank: BankProcess, seen: Seen
    ) -> None:
        self.name = f"retrying-{number:04}"
        self._key = f"key-of-{self.name}"
        self._body = body | {"clientId": self.name}
        self._other = other | {"clientId": self.name}
        self._bank, self._seen = bank, seen
        self._chance = random.Random(number)
        self._places: set[str] = set()
        self._answered = False
        self._api_key = bank.api_key

    def work(self, ended: threading.Event, seconds: float) -> None:
        """Come at some time of the drill, and send requests with pauses until it ends."""
        ended.wait(self._chance.uniform(0, seconds * ARRIVAL_SHARE))
        while not ended.is_set():
            self._act(self._chance.choices(ACTS, WEIGHTS)[0])
            ended.wait(self._chance.expovariate(1 / PAUSE_SECONDS))

    def last(self) -> bool:
        """Repeat the request until it is answered 200, and return whether it was."""
        until = time.monotonic() + LAST_SECONDS
        while time.monotonic() < until:
            if self._post("last") == 200:
                return True
            time.sleep(2)
        return False

    def _act(self, act: str) -> None:
        if act == "twice":
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(self._post, ("twice", "twice")))
        elif act == "look" and self._places:
            self._look(self._chance.choice(sorted(self._places)))
        elif act == "another" and self._places:
            self._another()
        elif act == "impatient":
            self._post(act, timeout=self._chance.uniform(0.02, 2))
        elif act == "async":
            self._post(act, **ASYNC)
        else:
            self._post("wait")

    def _post(self, act: str, timeout: float = PATIENCE_SECONDS, **headers: str) -> int:
        was_answered = self._answered
        answer = self._ask("POST", "/predict", timeout, json=self._body, headers=headers)
        self._count(act, answer)
        if answer is None:
            return 0
        if answer.status_code == 200:
            self._saw(answer.json())
            if was_answered and answer.headers.get("Idempotent-Replayed") != "true":
                self._wrong(f"{act}: a repeat does not say that it is one")
        elif answer.status_code == 202:
            self._named(answer.headers["Location"])
        self._expect(act, answer, ALLOWED)
        return answer.status_code

    def _look(self, place: str) -> None:
        answer = self._ask("GET", place, PATIENCE_SECONDS)
        self._count("look", answer)
        if answer is None:
            return
        if answer.status_code == 200:
            self._saw(answer.json())
        failed = {409} if "analysis-failed" in answer.text else set()
        self._expect("look", answer, ALLOWED | failed)

    def _another(self) -> None:
        """Send another application with the same key, which is taken."""
        answer = self._ask("POST", "/predict", PATIENCE_SECONDS, json=self._other)
        self._count("another", answer)
        if answer is not None:
            self._expect("another", answer, {409, 429, 503, 504})

    def _ask(self, method: str, path: str, timeout: float, **more: Any) -> Any:
        headers = {"x-api-key": self._api_key, "Connection": "close"} | more.pop("headers", {})
        if method == "POST":
            headers["Idempotency-Key"] = self._key
        url = f"{self._bank.url}{path}"
        try:
            with self._seen.pool:
                return requests.request(method, url, headers=headers, timeout=timeout, **more)
        except requests.RequestException:  # it gave up, or the server was killed
            return None

    def _saw(self, decision: Document) -> None:
        """Compare a decision with the first that this client saw."""
        self._named(f"/predictions/{decision['clientId']}/{decision['predictionId']}")
        self._answered = True
        with self._seen.lock:
            first = self._seen.decisions.setdefault(self.name, decision)
            common = first.keys() & decision.keys() - {"outcomes", "reviews", "contest"}
        if other := sorted(name for name in common if first[name] != decision[name]):
            name = decision["predictionId"]
            self._wrong(f"decision {name} differs from {first['predictionId']} in {other}")

    def _named(self, place: str) -> None:
        self._places.add(place)
        with self._seen.lock:
            found = self._seen.predictions.setdefault(self.name, set())
            found.add(place.rpartition("/")[2])

    def _expect(self, act: str, answer: requests.Response, allowed: set[int]) -> None:
        if answer.status_code not in allowed:
            self._wrong(f"{act}: {answer.status_code} {answer.text[:200]}")

    def _wrong(self, what: str) -> None:
        with self._seen.lock:
            self._seen.wrong.append(f"{self.name}: {what}")

    def _count(self, act: str, answer: requests.Response | None) -> None:
        said = "no answer" if answer is None else str(answer.status_code)
        again = (
            " replayed" if answer is not None and "Idempotent-Replayed" in answer.headers else ""
        )
        with self._seen.lock:
            self._seen.statuses[f"{act} {said}{again}"] += 1


class Crowd:
    """All clients, each in a thread of its own."""

    def __init__(self, bank: BankProcess, bodies: list[Document], seconds: float) -> None:
        self.seen = Seen()
        others = [*bodies[1:], bodies[0]]
        self.clients = [
            Client(number, *pair, bank, self.seen)
            for number, pair in enumerate(zip(bodies, others, strict=True))
        ]
        self._ended = threading.Event()
        before = threading.stack_size(STACK_BYTES)
        self._threads = [
            threading.Thread(target=one.work, args=(self._ended, seconds)) for one in self.clients
        ]
        for thread in self._threads:
            thread.start()
        threading.stack_size(before)

    def progress(self) -> str:
        """Say how many requests were made, and how many clients have a decision."""
        with self.seen.lock:
            asked, decided = self.seen.statuses.total(), len(self.seen.decisions)
        return f"{asked} requests, {decided} of {len(self.clients)} clients have a decision"

    def stop(self) -> list[str]:
        """Return the clients that got no decision in the end."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        with ThreadPoolExecutor(8) as pool:
            done = pool.map(Client.last, self.clients)
            return [one.name for one, good in zip(self.clients, done, strict=True) if not good]
