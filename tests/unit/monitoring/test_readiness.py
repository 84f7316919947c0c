"""GET /ready and keepWarm: what they ask endpoints, and how often."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.foundation.errors import EndpointTimeout, ModelNotReady, NotReady
from chalicelib.monitoring import warming
from chalicelib.monitoring.readiness import KEPT_SECONDS, Readiness

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Probes:
    """Endpoints of which some are silent."""

    def __init__(self, **faults: Exception) -> None:
        self.asked: list[str] = []
        self.faults = faults

    def ask(self, model: str) -> None:
        self.asked.append(model)
        if model in self.faults:
            raise self.faults[model]


@pytest.fixture
def now():
    return [0.0]


def readiness(sba, probes, now):
    return Readiness(sba, probes, lambda: now[0])


def test_it_is_ready_if_all_models_answer(sba, now):
    report = readiness(sba, Probes(), now).report()

    assert report["status"] == "READY"
    assert list(report["models"]) == list(sba.models)
    assert all(one == {"status": "OK", "milliseconds": 0} for one in report["models"].values())


def test_enough_models_are_partly_ready_and_a_silent_one_has_its_public_cause(sba, now):
    probes = Probes(NetworkingAccelerator=ModelNotReady("dev-appvengers-x"))
    report = readiness(sba, probes, now).report()

    assert report["status"] == "PARTIAL"
    silent = {"status": "UNAVAILABLE", "cause": "NOT_READY"}
    assert report["models"]["NetworkingAccelerator"] == silent


@pytest.mark.parametrize("model", ["Tradicional", "AppVengersAccelerator"])
def test_too_few_models_are_a_problem_that_says_which(sba, now, model):
    with pytest.raises(NotReady) as problem:
        readiness(sba, Probes(**{model: EndpointTimeout()}), now).report()

    payload = problem.value.to_payload(lambda text: text.en)
    assert payload["status"] == 503
    assert payload["models"][model] == {"status": "UNAVAILABLE", "cause": "TIMEOUT"}


def test_the_endpoints_are_asked_no_more_often_than_every_few_seconds(sba, now):
    probes = Probes(NetworkingAccelerator=EndpointTimeout())
    ready = readiness(sba, probes, now)
    reports = [ready.report()]
    for at in (KEPT_SECONDS - 0.1, KEPT_SECONDS):
        now[0] = at
        reports.append(ready.report())

    assert len(probes.asked) == 2 * len(sba.models)
    assert reports[0] == reports[1]


def test_each_endpoint_is_kept_warm_by_so_many_calls_at_once():
    probes = Probes(b=EndpointTimeout())
    done = warming.run(NOW, NOW, ["a", "b"], 3, probes)

    assert sorted(probes.asked) == ["a"] * 3 + ["b"] * 3
    assert done == {"late": False, "answered": {"a": 3, "b": 0}}


@pytest.mark.parametrize(("late", "asked"), [(timedelta(seconds=299), 1), (warming.LATE, 0)])
def test_a_call_of_the_schedule_that_comes_late_is_dropped(late, asked):
    probes = Probes()
    warming.run(NOW, NOW + late, ["a"], 1, probes)

    assert len(probes.asked) == asked


def test_a_fault_of_ours_is_no_cold_endpoint():
    with pytest.raises(RuntimeError):
        warming.run(NOW, NOW, ["a"], 1, Probes(a=RuntimeError()))
