"""What a caller is answered: each kind of problem in each language."""

import re
from pathlib import Path

import pytest

from chalicelib.decisions.intake.batches import batch_problems
from chalicelib.foundation import errors
from chalicelib.foundation.body_member import BodyMember
from chalicelib.foundation.errors import InvalidApplication, InvalidRequest, Problem
from chalicelib.foundation.text import Text
from chalicelib.governance.erasure import erasure_problems
from chalicelib.governance.model_acts import model_act_problems
from chalicelib.governance.policies import policy_problems
from chalicelib.governance.reviews import review_problems
from infrastructure.deploy.steps.deployed_api import ANSWERS, body_of

KINDS = [
    kind
    for module in (
        errors,
        batch_problems,
        erasure_problems,
        model_act_problems,
        policy_problems,
        review_problems,
    )
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
]
PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
# What the bank is made of is no matter of a caller's.
INTERNAL = re.compile(r"(?i)dynamo|lambda|sagemaker|states?\.|exception|endpoint|traceback|moto")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_title_and_a_detail_in_each_language(kind):
    for text in (kind.title, kind.usual):
        assert text.es
        assert text.en
        assert text.es != text.en
        assert not INTERNAL.search(text.bilingual())
    assert 400 <= kind.status < 600


def test_a_problem_says_everything_in_the_language_asked_for():
    wrong = {BodyMember("application", "a/b"): Text(es="debe ser un número", en="a number")}
    problem = InvalidApplication(Text(es="Corrija.", en="Correct."), wrong)
    spanish = problem.to_payload(lambda text: text.es)

    assert spanish == {
        "type": "urn:problem:invalid-application",
        "title": "La solicitud de crédito no es válida",
        "status": 400,
        "detail": "Corrija.",
        "errors": [
            {
                "field": "application.a/b",
                "message": "debe ser un número",
                "pointer": "#/application/a~1b",
            }
        ],
    }
    assert problem.to_payload(lambda text: text.en)["errors"][0]["message"] == "a number"
    assert str(problem) == "Correct."  # for logs and commands


def test_a_fault_outside_of_the_body_has_no_pointer():
    wrong = {"limit": Text(es="de 1 a 100", en="from 1 to 100")}
    problem = InvalidRequest(None, wrong, outside=True)

    assert problem.to_payload(lambda text: text.en)["errors"] == [
        {"field": "limit", "message": "from 1 to 100"}
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_explained(kind):
    slug = kind.uri().removeprefix("urn:problem:")
    assert f'| {kind.status} | <a id="{slug}"></a>`{slug}` |' in PAGE


@pytest.mark.parametrize("problem", ANSWERS.values())
def test_the_gateway_answers_in_both(problem):
    assert problem.title.es in body_of(problem)
    assert problem.title.en in body_of(problem)
    # API Gateway's templates replace $variables.
    assert "$" not in body_of(problem)
