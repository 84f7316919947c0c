"""Labels that nobody forges: whose word counts, from when on, and how much of it."""

import dataclasses
import json
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import profile
from chalicelib.decisions import outcomes
from chalicelib.foundation.errors import InvalidProfile
from datasets import sba
from tests.training.collected import AT, KEY, TRUSTED, tell
from tests.training.given import with_outcomes
from training import training_profile
from training.collecting import new_data
from training.snapshots import snapshot
from training.snapshots.settling import settled

OLD = "2023-01-15T10:00:00.000Z"  # its outcomes have matured
LIMITED = (("apiKey:*", "limited"), ("file:credit/newData/*", "trusted"))
INVENTED = "BANK OF NOWHERE"


def allowing(place, rules=LIMITED, **settings):
    """The same place, of a bank with other settings."""
    return dataclasses.replace(place, bank=with_outcomes(place.bank, rules, **settings))


def decide(place, case, numbers, lender=INVENTED, at=OLD, **more):
    application = case["application"] | {"lender": lender}
    for number in numbers:
        place.decide({"application": application}, number, at=at, **more)


def counting(place, version="20261124T100000"):
    """What training reads of a snapshot."""
    rows = place.rows(version)
    return rows[rows["withheld"].isna()]


def of_lender(rows, lender=INVENTED):
    return rows[rows["lender"] == lender]


def test_an_api_keys_word_counts_nowhere(place, cases):
    decide(place, cases[0], range(1, 8))
    for number in range(1, 8):
        tell(place, number, "paid", "2024-02-01", AT, source=KEY)
    manifest = place.run("20261124T100000")

    assert of_lender(place.rows("20261124T100000")).empty
    assert (manifest["newRows"], manifest["waiting"], manifest["unconfirmed"]) == (0, 0, 7)


def test_it_counts_once_a_trusted_source_says_the_same(place, cases):
    decide(place, cases[0], [1])
    tell(place, 1, "paid", "2024-02-01", AT, source=KEY)
    tell(place, 1, "paid", "2024-02-01", AT)
    manifest = place.run("20261124T100000")

    assert (manifest["newRows"], manifest["unconfirmed"]) == (1, 0)
    assert of_lender(counting(place))["source"].tolist() == [TRUSTED]


def test_decisions_alone_are_no_loans(place, cases):
    decide(place, cases[0], range(1, 30))
    place.run("20261124T100000")

    assert of_lender(place.rows("20261124T100000")).empty


def test_what_has_not_matured_is_no_peer_and_is_not_seen(place, bank, cases, tmp_path):
    decide(place, cases[0], range(1, 8), at="2023-11-26T10:00:00.000Z")
    for number in range(1, 8):
        tell(place, number, "paid", "2024-02-01", AT)
    late = datetime(2026, 11, 26, 10, tzinfo=UTC)
    before = place.run("20261124T100000")
    after = place.run("20261126T100000", "20261124T100000", late)

    assert (before["waiting"], before["newRows"], after["newRows"]) == (7, 0, 7)
    found = {}
    for version in ("20261124T100000", "20261126T100000"):
        for name, body in place.files(version).items():
            (tmp_path / version).mkdir(exist_ok=True)
            (tmp_path / version / name).write_bytes(body)
        model = bank.model("NetworkingAccelerator")
        found[version] = len(of_lender(snapshot.read(tmp_path / version, bank, model)))
    assert found == {"20261124T100000": 0, "20261126T100000": 7}


def test_a_loan_of_the_banks_own_file_is_a_peer_before_it_has_ended(place, later):
    place.drop("open.csv", later.head(6).assign(lender=INVENTED, defaulted=None, defaultDate=None))
    place.run("20261124T100000")

    assert len(of_lender(counting(place))) == 6


def test_a_file_that_nobody_vouches_for_has_no_loans(place, later, cases):
    decide(place, cases[0], [1])
    place.drop("reported/loans.csv", later.head(6).assign(lender=INVENTED))
    told = [("client-1", f"{1:032x}", "paid", "2024-02-01")]
    place.drop("reported/told.csv", pd.DataFrame(told, columns=new_data.OF_DECISIONS))
    manifest = place.run("20261124T100000")

    assert (manifest["newRows"], manifest["unconfirmed"]) == (0, 7)
    assert of_lender(place.rows("20261124T100000")).empty


def test_it_does_not_change_what_the_bank_said_of_a_loan(place, later):
    place.drop("ours.csv", later.head(20))
    place.drop("reported/theirs.csv", later.head(20).assign(defaulted=1, defaultDate="2006-01-01"))
    place.run("20261124T100000")
    new = place.rows("20261124T100000").tail(20)

    assert (new["defaulted"] == later.head(20)["defaulted"].astype(float).to_numpy()).all()


def test_a_source_that_lost_its_trust_takes_its_rows_along(place, later):
    place.drop("a.csv", later.head(40))
    first = place.run("20261124T100000")
    rules = (("file:credit/newData/a.csv", "untrusted"), *place.bank.outcomes.rules)
    at = datetime(2026, 12, 1, tzinfo=UTC)
    second = allowing(place, rules).run("20261201T100000", "20261124T100000", at)
    third = place.run("20261202T100000", "20261201T100000", datetime(2026, 12, 2, tzinfo=UTC))

    assert first["rows"] - second["rows"] == 40
    assert second["withheld"] == {"source": 40}
    assert third["rows"] == first["rows"]


# The sample's first snapshot has so many loans of this lender.
@pytest.mark.parametrize(("share", "counts"), [(0.0, 0), (0.05, 5), (0.0501, 5), (0.0499, 4)])
def test_a_limited_source_has_its_share_of_a_peer_and_no_more(place, loans, cases, share, counts):
    lender, room = a_lender(place, loans)
    place = allowing(place, limited_peer_share=share * 100 / room, peers=("lender",))
    decide(place, cases[0], range(1, 9), lender)
    for number in range(1, 9):
        tell(place, number, "paid", "2024-02-01", AT, source=KEY)
    manifest = place.run("20261124T100000")

    assert manifest["newRows"] == counts
    assert manifest["withheld"].get("limit", 0) == 8 - counts
    assert of_lender(counting(place), lender)["row"].tail(counts).tolist() == [
        f"{number:032x}" for number in range(1, counts + 1)
    ]


def a_lender(place, loans):
    """A lender of the first snapshot, and its loans."""
    counts = sba.snapshot(loans, first=pd.Timestamp("2004-07-01"))["lender"].value_counts()
    return counts.index[0], int(counts.iloc[0])


def test_a_limited_source_drips_no_more_than_its_share(place, loans, cases):
    lender, room = a_lender(place, loans)
    place = allowing(place, limited_peer_share=3 / room, peers=("lender",))
    decide(place, cases[0], range(1, 7), lender)
    previous, rows = "2005-06-30", []
    for day in range(1, 7):
        at = datetime(2026, 12, day, tzinfo=UTC)
        tell(place, day, "paid", "2024-02-01", at, source=KEY)
        version = f"202612{day:02}T000000"
        place.run(version, previous, at)
        previous = version
        rows.append(len(of_lender(counting(place, version), lender)) - room)

    assert rows == [1, 2, 3, 3, 3, 3]


def test_a_limited_source_has_its_share_of_all(place, cases):
    own = len(place.run("20261123T100000", at=datetime(2026, 11, 23, tzinfo=UTC)) and
              place.rows("20261123T100000"))  # fmt: skip
    place = allowing(place, limited_share=2 / own, peers=())
    decide(place, cases[0], range(1, 5))
    for number in range(1, 5):
        tell(place, number, "paid", "2024-02-01", AT, source=KEY)

    assert place.run("20261124T100000")["newRows"] == 2


@pytest.mark.parametrize(("allowed", "counts"), [(0, 0), (1, 1), (2, 2)])
def test_of_a_client_a_limited_source_has_so_many_loans(place, cases, allowed, counts):
    place = allowing(place, limited_client_loans=allowed, peers=())
    for number in (1, 2, 3):
        made = {"clientId": "client-1", "predictionId": f"{number:032x}", "createdAt": OLD}
        made |= {"decision": "APPROVE", "application": cases[0]["application"], "models": {}}
        place.predictions.add(made)
        told = {"outcome": "paid", "when": "2024-02-01"}

        outcomes.report("client-1", f"{number:032x}", told, KEY, place.predictions, AT)
    manifest = place.run("20261124T100000")

    assert (manifest["newRows"], manifest["withheld"].get("client", 0)) == (counts, 3 - counts)
    assert not any(b"client-1" in body for body in place.files("20261124T100000").values())


def test_a_limited_source_does_not_replace_a_trusted_ones_word(place, cases):
    place = allowing(place, peers=())
    decide(place, cases[0], [1])
    tell(place, 1, "defaulted", "2024-02-01", datetime(2026, 11, 23, tzinfo=UTC))
    tell(place, 1, "paid", "2024-03-01", AT, source=KEY)
    manifest = place.run("20261124T100000")

    assert (manifest["newBads"], manifest["contradictions"]) == (1, 1)


def test_contradictions_reversals_and_duplicates_are_counted(place, cases, later):
    decide(place, cases[0], [1, 2, 3])
    for day, said in enumerate(("paid", "defaulted", "paid"), start=20):
        tell(place, 1, said, "2024-02-01", datetime(2026, 11, day, tzinfo=UTC), source=KEY)
    tell(place, 2, "paid", "2024-02-01", AT, source=KEY)
    rows = [(f"client-{n}", f"{n:032x}", "defaulted", "2024-02-01") for n in (2, 3, 3)]
    place.drop("told.csv", pd.DataFrame(rows, columns=new_data.OF_DECISIONS))
    manifest = place.run("20261124T100000")

    told = ("contradictions", "reversals", "duplicates", "unconfirmed")
    assert [manifest[name] for name in told] == [1, 1, 1, 1]
    assert {name: place.report("20261124T100000")[name] for name in told} == {
        name: manifest[name] for name in told
    }


@pytest.mark.parametrize(
    ("kind", "granted", "what"),
    [
        ("DECLINE", "2023-01-20", "the application was declined, so there is no loan"),
        ("REVIEW", None, "a person decided: granted must say on which day the loan was granted"),
        ("REVIEW", "2023-01-14", "granted is before the decision"),
        ("REVIEW", "2024-02-02", "granted must not be after when"),
        ("REVIEW", "soon", "granted must be a day as 2026-05-31"),
        ("REVIEW", "2023-01-15", None),
    ],
)
def test_a_row_of_a_file_needs_a_loan(place, cases, kind, granted, what):
    decide(place, cases[0], [1], kind=kind)
    row = ("client-1", f"{1:032x}", "paid", "2024-02-01", granted)
    place.drop("told.csv", pd.DataFrame([row], columns=(*new_data.OF_DECISIONS, "granted")))
    manifest = place.run("20261124T100000")

    assert manifest["newRows"] == (what is None)
    assert [one["what"] for one in place.report("20261124T100000")["wrong"]] == [what] * bool(what)


@pytest.mark.parametrize(
    ("verdict", "again", "reason"),
    [("released", 60, {}), ("rejected", 0, {"rejected": 60}), ("perhaps", 0, {"quarantine": 60})],
)
def test_what_is_odd_waits_for_people_and_for_nothing_else(place, later, verdict, again, reason):
    """60 loans of a good lender, all defaulted, among honest ones, in the bank's own file."""
    lender = later["lender"].mode()[0]
    false = later.head(60).assign(
        lender=lender, defaulted=1, defaultDate=pd.Timestamp("2006-06-01")
    )
    place.drop("honest.csv", later.tail(100))
    place.drop("false.csv", false.assign(amount=false["amount"] + 1))
    held = place.run("20261124T100000")
    (found,) = held["held"]
    place.put(f"credit/quarantine/{found['id']}.json", json.dumps({"verdict": verdict}).encode())
    at = datetime(2026, 12, 1, tzinfo=UTC)
    after = place.run("20261201T100000", "20261124T100000", at)

    assert (held["newRows"], held["heldRows"]) == (100, 60)
    assert place.report("20261124T100000")["held"] == held["held"]
    assert len(counting(place)) == held["rows"] + unlabelled(place)
    assert (after["newRows"], after["withheld"]) == (again, reason)
    assert bool(after["held"]) == (verdict == "perhaps")


def test_the_month_after_a_release_is_as_any_other(place, later):
    """Honest loans of the lender come in, and people have released 60 defaults of it. A label that
    changes later is none that they have released."""
    lender = later["lender"].mode()[0]
    bad = later.head(60).assign(lender=lender, defaulted=1, defaultDate=pd.Timestamp("2006-06-01"))
    bad = bad.assign(amount=bad["amount"] + 1)
    paid = bad.assign(defaulted=0, defaultDate=None)
    place.drop("honest.csv", later.tail(100))
    place.drop("bad.csv", bad)
    (found,) = place.run("20261124T100000")["held"]
    place.put(f"credit/quarantine/{found['id']}.json", b'{"verdict": "released"}')
    place.run("20261201T100000", "20261124T100000", datetime(2026, 12, 1, tzinfo=UTC))
    place.drop("next.csv", paid.head(20).assign(amount=paid["amount"] + 1))
    after = place.run("20270101T100000", "20261201T100000", datetime(2027, 1, 1, tzinfo=UTC))
    place.drop("changed.csv", paid.head(4))
    place.run("20270201T100000", "20270101T100000", datetime(2027, 2, 1, tzinfo=UTC))

    assert (after["newRows"], after["heldRows"]) == (20, 0)
    assert [
        place.rows(f"2027{month}01T100000")["released"].notna().sum() for month in ("01", "02")
    ] == [60, 56]


def unlabelled(place):
    return int(counting(place)["defaulted"].isna().sum())


RULES = (("file:*", "trusted"), ("apiKey:l*", "limited"))
SAID = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["paid", "defaulted"]),
        "source": st.sampled_from(["file:a", "file:b", "apiKey:l1", "apiKey:u1"]),
        "of": st.just("0a"),
    }
)


@given(st.lists(SAID, max_size=8))
def test_what_an_untrusted_source_says_changes_nothing_wherever_it_is_said(said):
    decision = {"finalDecision": "APPROVE"}
    without = [one for one in said if one["source"] != "apiKey:u1"]

    assert settled(decision, said, RULES).outcome == settled(decision, without, RULES).outcome


@given(st.lists(SAID, min_size=1, max_size=8))
def test_the_newest_trusted_word_counts(said):
    trusted = [one for one in said if one["source"].startswith("file")]
    found = settled({"finalDecision": "APPROVE"}, said, RULES).outcome

    assert not trusted or found == trusted[-1]


WRONG = [
    ("limited_share = 0.01", "limited_share = 1.01", "outcomes.limited_share must be 0 to 1"),
    ("limited_peer_share = 0.05", "limited_peer_share = -1", "limited_peer_share must be 0 to 1"),
    ("dispersion = 0.05", "dispersion = 1", "outcomes.dispersion must be above 0 and below 1"),
    ("false_alarms = 0.01", "false_alarms = 0", "false_alarms must be above 0 and below 1"),
    ("fewest = 5 ", "fewest = 0 ", "outcomes.fewest must be 1 or more"),
    ("watch_months = 12", "watch_months = 0", "outcomes.watch_months must be 1 or more"),
    ("limited_client_loans = 1", "limited_client_loans = -1", "client_loans must be 0 or more"),
    ('peers = ["lender", "franchise"', 'peers = ["amount", "franchise"', "no category or code"),
    ('"untrusted" },        #', '"sometimes" },        #', "sources"),
]


@pytest.mark.parametrize(("was", "now", "what"), WRONG)
def test_functions_and_jobs_refuse_the_same_settings_in_the_same_words(tmp_path, was, now, what):
    text = profile.PROFILE_FILE.read_text(encoding="utf-8")
    assert was in text
    path = tmp_path / "credit.toml"
    path.write_text(text.replace(was, now), encoding="utf-8")

    with pytest.raises(InvalidProfile, match=what) as ours:
        profile.load(path)
    with pytest.raises(InvalidProfile) as theirs:
        training_profile.read(path)
    assert str(theirs.value) == str(ours.value)
