"""The attacks of an API key's holder, each beside the same bank without it: what training reads is
the same, byte for byte. `make drill-poisoning` runs it, and goes on up to the decisions."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from chalicelib.foundation.errors import InvalidOutcome, NotALoan
from tests.training.collected import AT, KEY, emptied, tell
from training.collecting import new_data

INVENTED = "BANK OF NOWHERE"
DECIDED, TOLD = "2023-11-30T10:00:00.000Z", "2023-11-30"
MATURE = datetime(2026, 12, 1, tzinfo=UTC)  # 36 months after the decisions, which AT is not


def decide(place, cases, lender, count, first=1):
    for number in range(first, first + count):
        case = cases[number % len(cases)]
        application = case["application"] | ({"lender": lender} if lender else {})
        place.decide({"application": application}, number, at=DECIDED)


def say(outcome, lender, count):
    def attack(place, cases, day):
        decide(place, cases, lender, count)
        for number in range(1, count + 1):
            tell(place, number, outcome, TOLD, day, source=KEY)

    return attack


def drip(place, cases, day):
    """Three more at each updateData."""
    first = 1 if day == AT else 4
    decide(place, cases, INVENTED, 3, first)
    for number in range(first, first + 3):
        tell(place, number, "paid", TOLD, day, source=KEY)


def applications_alone(place, cases, day):
    decide(place, cases, INVENTED, 30)


def backdated(place, cases, day):
    """`when` is the first day that is taken; an earlier one, or another's name, is not."""
    decide(place, cases, INVENTED, 6)
    for number in range(1, 7):
        tell(place, number, "paid", TOLD, day, source=KEY)
        for said in ({"when": "2020-01-01"}, {"decidedAt": "2020"}, {"note": "x"}):
            more = {"when": TOLD} | said
            with pytest.raises(InvalidOutcome):
                tell(place, number, "paid", more.pop("when"), day, source=KEY, **more)


def granted_by_nobody(place, cases, day):
    for number, kind in enumerate(("REVIEW", "DECLINE"), start=1):
        application = cases[0]["application"] | {"lender": INVENTED}
        place.decide({"application": application}, number, at=DECIDED, kind=kind)
        with pytest.raises(NotALoan):
            tell(place, number, "paid", TOLD, day, source=KEY)
    tell(place, 1, "paid", TOLD, day, source=KEY, granted=TOLD)


def contradicted(place, cases, day):
    """Back and forth, on a loan of which the bank says something, too."""
    decide(place, cases, INVENTED, 1)
    for minute, outcome in enumerate(("paid", "defaulted", "paid")):
        tell(place, 1, outcome, TOLD, day - timedelta(minutes=9 - minute), source=KEY)


def file_of_a_partner(place, cases, day):
    rows = [case["application"] | {"lender": INVENTED} for case in cases]
    loans = pd.DataFrame(rows).assign(approvalDate="2005-07-01", defaulted=0, defaultDate=None)
    place.drop("reported/loans.csv", loans)
    decide(place, cases, INVENTED, 6)
    told = [(f"client-{n}", f"{n:032x}", "paid", TOLD) for n in range(1, 7)]
    place.drop("reported/told.csv", pd.DataFrame(told, columns=new_data.OF_DECISIONS))


ATTACKS = {
    "6 paid, invented lender": say("paid", INVENTED, 6),
    "30 paid, invented lender": say("paid", INVENTED, 30),
    "30 defaulted, real lender": say("defaulted", None, 30),
    "drip": drip,
    "applications alone": applications_alone,
    "backdated": backdated,
    "granted by nobody": granted_by_nobody,
    "contradicted": contradicted,
    "file of a partner": file_of_a_partner,
}


def lived(place, cases, later, attack):
    """An honest file before each of two updateData; by the second one all has matured."""
    found, previous = [], "2005-06-30"
    for day, honest in ((AT, later.iloc[:150]), (MATURE, later.iloc[150:])):
        place.drop(f"honest-{day:%m}.csv", honest)
        if attack:
            attack(place, cases, day)
        version = day.strftime("%Y%m%dT%H%M%S")
        place.run(version, previous, day)
        previous = version
        files = place.files(version)
        found.append({name: body for name, body in files.items() if name.startswith("part-")})
    return found


@pytest.fixture(scope="module")
def honest(cloud, bank, first, cases, later):
    return lived(emptied(bank, first), cases, later, None)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_training_reads_is_what_it_reads_without_the_attack(
    place, cases, later, honest, attack
):
    real = {"lender": later["lender"].mode()[0]}
    ours = [{"application": case["application"] | real} for case in cases]
    attacked = lived(place, ours, later, attack)

    assert all(honest)
    assert attacked == honest
