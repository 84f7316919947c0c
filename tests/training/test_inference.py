import hashlib
import json
import math
import shutil
from pathlib import Path

import pytest

from datasets import sba
from tests.training.given import MODELS
from training.serving import inference


@pytest.fixture(scope="module")
def application(loans):
    return next(sba.applications(loans))["application"]


@pytest.fixture(scope="module", params=MODELS)
def model(request, artifacts):
    return inference.model_fn(str(artifacts[request.param]))


def answer(model, application):
    body = json.dumps(application).encode()
    prediction = inference.predict_fn(inference.input_fn(body, "application/json"), model)
    return json.loads(inference.output_fn(prediction, "application/json"))


def test_baseline_and_contributions_sum_to_the_logit(model, application):
    said = answer(model, application)
    probability = said["probabilityOfDefault"]
    logit = said["baseline"] + sum(said["contributions"].values())
    assert logit == pytest.approx(math.log(probability / (1 - probability)), abs=1e-9)


def test_the_answer_names_the_artifact(model, application, artifacts):
    said = answer(model, application)
    manifest = (artifacts[said["model"]] / "manifest.json").read_bytes()
    assert said["version"] == "20050701T000000"
    assert said["sha256"] == hashlib.sha256(manifest).hexdigest()


def test_an_application_with_nothing_but_an_amount_is_scored(model):
    assert 0 < answer(model, {"amount": 50_000})["probabilityOfDefault"] < 1


def test_a_null_is_a_value_left_out(model, application):
    without = {name: value for name, value in application.items() if name != "naics"}
    assert answer(model, {**without, "naics": None}) == answer(model, without)


def test_a_list_of_applications_is_answered_in_its_order(model, application):
    smaller = {**application, "amount": 500}
    assert answer(model, [application, smaller]) == [
        answer(model, application),
        answer(model, smaller),
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"{", "application/json", "Expecting"),
        (b"[{}, 1]", "application/json", "JSON object"),
        (b'{"amount": NaN}', "application/json", "NaN is not JSON"),
        (b"\xff", "application/json", "UTF-8"),
        (b"1,2", "text/csv", "text/csv"),
    ],
)
def test_a_faulty_body_is_a_value_error_that_says_why(body, content_type, reason):
    with pytest.raises(ValueError, match=reason):
        inference.input_fn(body, content_type)


def test_a_code_that_no_loan_had_is_named_and_a_blank_is_none(model, application):
    codes = {"state": "ZZ", "lender": "BANK OF NOBODY", "naics": "999999", "zip": "00000"}
    read = sorted(codes.keys() & model.inputs.keys())

    assert answer(model, application)["unseen"] == []
    assert answer(model, application | codes)["unseen"] == read
    assert answer(model, application | dict.fromkeys(codes))["unseen"] == []


def test_an_artifact_that_was_trained_before_codes_were_kept_names_none(artifacts, tmp_path):
    folder = Path(shutil.copytree(artifacts["Tradicional"], tmp_path / "older"))
    features = json.loads((folder / "features.json").read_bytes())
    del features["seen"]
    body = json.dumps(features).encode()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["members"]["features.json"] = hashlib.sha256(body).hexdigest()
    (folder / "features.json").write_bytes(body)
    (folder / "manifest.json").write_text(json.dumps(manifest))

    assert answer(inference.model_fn(str(folder)), {"state": "ZZ"})["unseen"] == []


@pytest.mark.parametrize("value", ["a lot", True, [1], 10**400])
def test_an_amount_that_is_no_number_is_named(artifacts, value):
    model = inference.model_fn(str(artifacts["Tradicional"]))
    with pytest.raises(ValueError, match="amount must be a number"):
        inference.predict_fn({"amount": value}, model)


def test_only_json_is_answered():
    with pytest.raises(ValueError, match="text/csv"):
        inference.output_fn({}, "text/csv")


def test_a_value_is_above_below_or_other_than_that_of_the_loans_learnt_from(
    model, application, artifacts
):
    manifest = json.loads((artifacts[model.name] / "manifest.json").read_bytes())
    for name in {"amount", "newBusiness"} & manifest["reference"].keys():
        usual = manifest["reference"][name]
        if "edges" in usual:
            values = {"ABOVE": usual["edges"][-1] + 1, "BELOW": usual["edges"][0] - 1}
        else:
            values = {"OTHER": usual["values"][1]}
            assert name not in answer(model, application | {name: usual["values"][0]})["directions"]
        for side, value in {**values, "MISSING": None}.items():
            assert answer(model, application | {name: value})["directions"][name] == side
