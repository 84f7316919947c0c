"""Stand-ins are called as what they stand for is: by the same names and parameters."""

import inspect

import pytest

from chalicelib.decisions.intake.analysis_machine import AnalysisMachine
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.monitoring.lost_events import FunctionsThatWait
from chalicelib.monitoring.probes import Probes
from chalicelib.retraining.weekly_update import RetrainingMachine
from chalicelib.scoring.endpoint_invocation import ScoringEndpoints
from tests import fakes
from tests.unit.governance.counterfactuals import test_change
from tests.unit.models import test_deployment
from tests.unit.monitoring import test_lost_events, test_readiness

STANDS_FOR = [
    (fakes.PredictionList, PredictionTable),
    (fakes.StoringMachine, AnalysisMachine),
    (fakes.LiveEndpoints, ModelEndpoints),
    (fakes.Runs, RetrainingMachine),
    (test_change.Scoring, ScoringEndpoints),
    (test_change.Manifests, ModelBucket),
    (test_deployment.Endpoints, ModelEndpoints),
    (test_deployment.Clearing, ModelEndpoints),
    (test_lost_events.Sent, FunctionsThatWait),
    (test_readiness.Probes, Probes),
]
SET_BY_TESTS = {"end"}


def methods(stand_in: type) -> dict[str, list[str]]:
    """Return the parameters of each public method that a stand-in has of its own."""
    own = [vars(kind) for kind in stand_in.__mro__ if kind.__module__.startswith("tests.")]
    found = {name: method for names in own for name, method in names.items()}
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in found.items()
        if inspect.isfunction(method) and not name.startswith("_") and name not in SET_BY_TESTS
    }


@pytest.mark.parametrize(
    ("stand_in", "real"), STANDS_FOR, ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_a_stand_in_has_the_methods_and_parameters_of_what_it_stands_for(stand_in, real):
    assert methods(stand_in)
    for name, parameters in methods(stand_in).items():
        assert parameters == list(inspect.signature(getattr(real, name)).parameters), name
