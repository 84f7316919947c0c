"""A thousand stored decisions again, and every kind of change that must be named."""

import copy
import hashlib
import itertools
import json

import msgspec
import pytest
from click.testing import CliRunner

from chalicelib.profile import Policy
from datasets import sba
from tests.training.given import MODELS
from tests.training.stored import PROFILE, VERSION, packed, reading, stored
from training.serving import inference
from workbench.replay import main
from workbench.replaying.replayed_decision import replay

DECISIONS = 1_000


@pytest.fixture(scope="module")
def bucket(artifacts):
    return {(name, VERSION): packed(artifacts[name]) for name in MODELS}


@pytest.fixture(scope="module")
def decisions(loans, artifacts):
    """As saveResult stores them; every tenth without one of its models."""
    models = {name: inference.model_fn(str(artifacts[name])) for name in MODELS}
    cases = itertools.islice(sba.applications(loans), DECISIONS)
    return [
        stored(case, models, number, MODELS[number % 3] if number % 10 == 9 else None)
        for number, case in enumerate(cases)
    ]


def differences(decision, bucket) -> list[str]:
    [found] = replay([decision], reading(bucket))
    return found


def only(model: str, decision: dict) -> dict:
    """As if the others had not answered: what is refused is told before anything is compared."""
    models = {name: {"status": "UNAVAILABLE", "cause": "busy"} for name in decision["models"]}
    return decision | {"models": models | {model: decision["models"][model]}}


def altered(decision: dict, *path: str, to) -> dict:
    changed = copy.deepcopy(decision)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to(inner[path[-1]]) if callable(to) else to
    return changed


def last_byte(value: str) -> str:
    return value[:-1] + ("0" if value[-1] != "0" else "1")


@pytest.fixture(scope="module")
def changed(decisions):
    """What may have happened to a stored decision, by what it is."""
    whole = next(d for d in decisions if {"state", "zip", "lender"} <= d["application"].keys())
    worst = whole["reasons"][0]["feature"]
    reasons = [whole["reasons"][0] | {"points": -1_000}, *whole["reasons"][1:]]
    policy = whole["evidence"]["policy"]["decision"]
    return whole, {
        **{f: altered(whole, "application", f, to=last_byte) for f in ("state", "zip", "lender")},
        "amount": altered(whole, "application", "amount", to=lambda amount: amount + 1),
        "no number": altered(whole, "application", "amount", to="much"),
        **{
            figure: altered(whole, "evidence", "policy", "decision", to=policy | {figure: value})
            for figure, value in (
                ("approve_from", 554.5), ("intercept", 0.245), ("top_reasons", 5), ("unknown", 1)
            )
        },
        "decision": whole | {"decision": "MAYBE"},
        "score": whole | {"score": 1},
        "probabilityOfDefault": whole | {"probabilityOfDefault": 0.5},
        "reason": whole | {"reasons": reasons, "worst": worst},
        "model": altered(whole, "models", "Tradicional", "score", to=lambda score: score + 1),
        "old": {name: part for name, part in whole.items() if name != "evidence"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def replayed(decisions, changed, bucket):
    """All in one go, for every artifact is loaded once."""
    _, variants = changed
    found = replay([*decisions, *variants.values()], reading(bucket))
    return found[: len(decisions)], dict(zip(variants, found[len(decisions) :], strict=True))


def test_a_thousand_stored_decisions_are_identical(replayed):
    found, _ = replayed

    assert len(found) == DECISIONS
    assert [differing for differing in found if differing] == []


def with_one_byte(artifacts, model: str, member: str, old: bytes, new: bytes) -> bytes:
    content = (artifacts[model] / member).read_bytes()
    assert len(old) == len(new)
    assert old in content
    return packed(artifacts[model], **{member.replace(".", "__"): content.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("model", "member", "old", "new"),
    [
        ("Tradicional", "scorecard.json", b"baseline", b"baselinf"),
        ("AppVengersAccelerator", "trees.txt", b"leaf_value=0", b"leaf_value=1"),
        ("NetworkingAccelerator", "peers.json", b"0.", b"1."),
        ("NetworkingAccelerator", "code/inference.py", b"FORMAT = 1", b"FORMAT = 2"),
        ("NetworkingAccelerator", "manifest.json", b"2005", b"2006"),
    ],
)
def test_an_artifact_with_one_byte_changed_is_refused_and_its_member_named(
    decisions, bucket, artifacts, model, member, old, new
):
    changed = with_one_byte(artifacts, model, member, old, new)
    [found] = differences(only(model, decisions[0]), bucket | {(model, VERSION): changed})

    assert found == f"model {model} {VERSION}: refused, {member} is not the recorded one"


def test_an_artifact_cut_short_or_gone_is_refused(decisions, bucket):
    decision = only("Tradicional", decisions[0])
    half = bucket["Tradicional", VERSION][:5_000]
    [cut] = differences(decision, bucket | {("Tradicional", VERSION): half})
    without = {key: body for key, body in bucket.items() if key[0] != "Tradicional"}
    [gone] = differences(decision, without)

    assert cut.startswith(f"model Tradicional {VERSION}: refused, It can't be read")
    assert gone == f"model Tradicional {VERSION}: refused, Tradicional/{VERSION} is gone"


def test_code_that_was_added_to_an_artifact_never_runs(decisions, bucket, artifacts, tmp_path):
    folder = tmp_path / "added"
    for path in artifacts["Tradicional"].rglob("*.*"):
        if path.suffix in (".json", ".py", ".txt", ".html"):
            target = folder / path.relative_to(artifacts["Tradicional"])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (folder / "code" / "json.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    added = {("Tradicional", VERSION): packed(folder)}
    [found] = differences(only("Tradicional", decisions[0]), bucket | added)

    assert found.endswith("code/json.py is not the recorded one")
    assert not (tmp_path / "ran").exists()


def test_code_that_was_never_released_does_not_run_though_table_and_bucket_agree(
    decisions, bucket, artifacts, tmp_path
):
    code = f"open({str(tmp_path / 'ran')!r}, 'w')".encode()
    manifest = json.loads((artifacts["Tradicional"] / "manifest.json").read_bytes())
    manifest["members"]["code/features.py"] = hashlib.sha256(code).hexdigest()
    body = json.dumps(manifest).encode()
    forged = packed(artifacts["Tradicional"], manifest__json=body, **{"code/features__py": code})
    decision = altered(
        only("Tradicional", decisions[0]),
        "models",
        "Tradicional",
        "sha256",
        to=hashlib.sha256(body).hexdigest(),
    )
    [found] = differences(decision, bucket | {("Tradicional", VERSION): forged})

    assert found.endswith("refused, code/features.py is no code of this bank's releases")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("feature", ["state", "zip", "lender"])
def test_a_feature_with_one_byte_changed_is_named(replayed, feature):
    assert replayed[1][feature][0] == f"feature {feature}: not the value that was scored"


def test_a_number_that_leaves_the_score_as_it_is_is_named_too(replayed):
    assert "feature amount: not the value that was scored" in replayed[1]["amount"]


def test_an_application_that_a_model_can_not_score_is_told(replayed):
    told = f"model Tradicional {VERSION}: can't score this application, amount must be a number"

    assert any(difference.startswith(told) for difference in replayed[1]["no number"])


@pytest.mark.parametrize("figure", ["approve_from", "intercept", "top_reasons", "unknown"])
def test_a_policy_with_one_figure_changed_is_named(replayed, changed, figure):
    version = changed[0]["policyVersion"]

    assert replayed[1][figure] == [f"policy {version}: not the one that was in force"]


@pytest.mark.parametrize("name", ["decision", "score", "probabilityOfDefault"])
def test_an_outcome_that_was_changed_is_named_with_both_values(replayed, changed, name):
    whole, variants = changed
    stored, again = variants[name][name], whole[name]

    assert replayed[1][name] == [f"{name}: {stored!r} is stored, {again!r} comes out"]


def test_a_models_score_and_a_reason_that_were_changed_are_named(replayed, changed):
    [reason], [model] = replayed[1]["reason"], replayed[1]["model"]

    assert reason.startswith(f"reasons {changed[1]['reason']['worst']} costs: -1000 is stored")
    assert model.startswith("models Tradicional score:")


def test_a_decision_of_before_policies_were_kept_says_so(replayed):
    assert replayed[1]["old"] == [
        "record: it carries no policy, evidence is missing: it was made before decisions did"
    ]


MISSING = [
    ("application",),
    ("models",),
    ("policyVersion",),
    ("decisionBasis",),
    ("evidence", "features"),
    ("evidence", "policy"),
    ("models", "Tradicional", "status"),
    ("models", "Tradicional", "version"),
    ("models", "Tradicional", "sha256"),
    ("models", "Tradicional", "reasons"),
]


def without(decision: dict, *path: str) -> dict:
    changed = copy.deepcopy(decision)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return changed


def test_what_a_record_lacks_is_named_and_the_others_are_replayed(decisions, bucket):
    lacking = [without(decisions[0], *path) for path in MISSING]
    whole, *found = replay([decisions[0], *lacking], reading(bucket))

    assert whole == []
    for path, told in zip(MISSING, found, strict=True):
        assert len(told) == 1
        assert told[0].startswith("record: ")
        assert all(name in told[0] for name in path)


@pytest.mark.parametrize("name", ["reasons", "score", "decision", "disagreement"])
def test_a_result_that_is_gone_is_a_difference(decisions, bucket, name):
    found = differences(without(decisions[0], name), bucket)

    assert found
    assert all(name in difference for difference in found)


def test_a_reason_without_its_points_is_a_difference(decisions, bucket):
    decision = copy.deepcopy(next(d for d in decisions if d["reasons"]))
    del decision["reasons"][0]["points"]

    assert differences(decision, bucket) == [
        "record: Object missing required field `points` - at `$.reasons[0]`"
    ]


def test_what_was_stored_before_there_was_a_minimum_weight_is_identical(loans, artifacts, bucket):
    """It names no cut-offs and nothing missing, a cause is a text, 0.2 of the weight decided."""
    models = {name: inference.model_fn(str(artifacts[name])) for name in MODELS}
    cases = list(itertools.islice(sba.applications(loans), 20))
    written = msgspec.to_builtins(PROFILE.policy)
    del written["decision"]["minimum_weight"]
    decision = msgspec.convert(written, Policy).decision
    before = msgspec.structs.replace(PROFILE, decision=decision, offer=None)
    made = [stored(case, models, 1, MODELS[2], profile=before) for case in cases]
    old = [
        {name: part for name, part in one.items() if name not in ("cutOffs", "partial", "missing")}
        for one in made
    ]
    for one in old:
        one["models"][MODELS[2]]["cause"] = "EndpointThrottled: dev-appvengers-x answered no."

    assert "SCORE" in {one["decisionBasis"] for one in old} <= {"SCORE", "UNSEEN_CODE"}
    assert not any("minimum_weight" in one["evidence"]["policy"]["decision"] for one in old)
    assert replay(old, reading(bucket)) == [[]] * len(old)


def test_the_help_says_what_is_not_checked():
    said = CliRunner().invoke(main, ["--help"]).output

    for name in ("clientId", "createdAt", "language", "REVIEW_ONLY"):
        assert name in said.partition("Not checked")[2]
