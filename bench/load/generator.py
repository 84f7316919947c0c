"""A generator of load: so many clients, each of which sends its next request after its answer.

    python -m bench.load.generator < plan.json > measured.json

Answers are kept, and checked after the clock has stopped. What the generator itself costs is in
what it measures: where it is not far below the server's cost, it bounds the figures.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.load.answer_check import fault

MOST_FAULTS_SHOWN = 3
ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Answered:
    asked: int  # the number of the application
    began: float
    ended: float
    status: int
    body: bytes


async def _client(
    session: aiohttp.ClientSession, plan: dict[str, Any], numbers: Iterator[int], until: float
) -> list[Answered]:
    answers = []
    while (began := time.perf_counter()) < until:
        asked = next(numbers) % len(plan["bodies"])
        try:
            async with session.post(plan["url"], data=plan["bodies"][asked]) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as failed:
            status, body = 0, repr(failed).encode()
        answers.append(Answered(asked, began, time.perf_counter(), status, body))
    return answers


async def _clients(plan: dict[str, Any]) -> tuple[list[Answered], list[Answered]]:
    """Return the answers of the warm-up, and those that count."""
    limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    numbers = itertools.count(plan["first"])
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        headers={"Content-Type": "application/json", **plan["headers"]},
        timeout=limit,
    ) as session:
        phases = []
        for seconds in (plan["warmUpSeconds"], plan["seconds"]):
            until = time.perf_counter() + seconds
            every = (_client(session, plan, numbers, until) for _ in range(plan["clients"]))
            phases.append([one for answers in await asyncio.gather(*every) for one in answers])
    return phases[0], phases[1]


def measured(plan: dict[str, Any]) -> dict[str, Any]:
    """Drive the plan's server, and return latencies, counts, faults and our own cost."""
    plan["bodies"] = [json.dumps(one).encode() for one in plan["bodies"]]
    before = time.process_time()
    warm_up, counted = asyncio.run(_clients(plan))
    own_seconds = time.process_time() - before
    faults = [
        found
        for one in (*warm_up, *counted)
        if (found := fault(one.status, one.body, plan["expected"][one.asked]))
    ]
    return {
        "latencies": [one.ended - one.began for one in counted],
        "wallSeconds": max(one.ended for one in counted) - min(one.began for one in counted),
        "answers": len(warm_up) + len(counted),
        "faults": len(faults),
        "firstFaults": faults[:MOST_FAULTS_SHOWN],
        "ownSeconds": own_seconds,
        "processSeconds": time.process_time(),  # with the start and the check
    }


if __name__ == "__main__":
    json.dump(measured(json.load(sys.stdin)), sys.stdout)
