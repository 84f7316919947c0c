"""The three models under AWS's serving code, `sagemaker-containers`, as a serverless container is.

Its user is nobody, it can write /tmp alone, and it has no network. Where the kernel forbids the
namespaces for that, the user and the files' modes are left, and the tests' names say so.
"""

import hashlib
import statistics

import pytest

from chalicelib import profile
from chalicelib.models.containers import SERVING
from tests.serving.served import SCRATCH, NoContainer, has_namespaces, serve
from tests.serving.trained import packed
from workbench.replaying.artifact_process import evaluate

MODELS = [*profile.load().models]
WHERE = "in-a-container" if has_namespaces() else "without-namespaces"
EARLIER = {  # of the releases up to November 2026
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}


def served(*asked, **more):
    try:
        return serve(*asked, **more)
    except NoContainer as fault:
        if has_namespaces():
            raise
        pytest.skip(f"the kernel forbids namespaces, and {fault}")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model}-{WHERE}")
def test_a_model_starts_and_answers_as_its_replay(model, python, models, applications):
    said = served(python, models[model], SERVING, applications)
    assert said["isUp"], said["output"]
    warm = statistics.median(said["answerSeconds"])
    print(f"{model}: start {said['startSeconds']:.1f} s, warm answer {1000 * warm:.1f} ms")

    body = packed(models[model])
    manifest = (models[model] / "manifest.json").read_bytes()
    again = evaluate(body, hashlib.sha256(manifest).hexdigest(), applications)
    assert len(said["answers"]) == len(applications)
    for answer, replayed in zip(said["answers"], again, strict=True):
        assert answer["model"] == model
        assert answer["probabilityOfDefault"] == pytest.approx(
            replayed.probability_of_default, abs=1e-9
        )
        assert answer["contributions"] == pytest.approx(replayed.contributions, abs=1e-9)
    assert said["written"] == ["server.log"]  # the test's own
    assert "pip" not in said["output"]


@pytest.mark.parametrize(
    ("without", "cause"),
    [
        ("GUNICORN_CMD_ARGS", "'NoneType' object has no attribute 'startswith'"),
        ("PYTHONPATH", "No module named 'inference'"),
        ("SAGEMAKER_USE_NGINX", "/etc/sagemaker-nginx.conf"),
    ],
)
def test_without_one_of_its_variables_no_model_starts(without, cause, python, models):
    environment = {name: value for name, value in SERVING.items() if name != without}
    said = served(python, models["Tradicional"], environment)
    assert not said["isUp"]
    assert cause in said["output"]


def test_the_environment_of_earlier_releases_starts_nothing(python, models):
    said = served(python, models["Tradicional"], EARLIER)
    assert not said["isUp"]
    assert "/etc/sagemaker-nginx.conf" in said["output"]


def test_a_model_that_needs_a_package_starts_nowhere(python, models, tmp_path):
    """As AppVengersAccelerator's did, with LightGBM."""
    folder = scripted(tmp_path, "import lightgbm")
    (folder / "code/requirements.txt").write_text("lightgbm==4.7.0\n", encoding="utf-8")
    said = served(python, folder, SERVING)
    assert not said["isUp"]
    assert "No module named 'lightgbm'" in said["output"]


@pytest.mark.skipif(not has_namespaces(), reason="the kernel forbids namespaces")
def test_the_container_is_cut_off(python, tmp_path):
    """What the others run in: its user, its files and its network are what they should be."""
    said = serve(python, scripted(tmp_path, PROBE), SERVING, [{}])
    assert said["isUp"], said["output"]
    assert said["answers"] == [
        {"user": 65534, "writes": [SCRATCH], "network": ["lo"], "index": "unreachable"}
    ]


def scripted(base, program):
    """A model's folder, which everybody may read."""
    folder = base / "model"
    (folder / "code").mkdir(parents=True)
    (folder / "code/inference.py").write_text(program, encoding="utf-8")
    return folder


PROBE = """
import json, os, socket

PLACES = ("/", "/etc", "/opt/ml", "/opt/ml/code", "/opt/ml/model", "/tmp", "/usr", os.__file__)


def model_fn(folder):
    return None


def input_fn(body, kind):
    return body


def predict_fn(body, model):
    try:
        socket.create_connection(("203.0.113.1", 443), timeout=5)  # of no network: RFC 5737
        index = "reached"
    except OSError:
        index = "unreachable"
    return {
        "user": os.getuid(),
        "writes": [place for place in PLACES if os.access(place, os.W_OK)],
        "network": [name for _, name in socket.if_nameindex()],
        "index": index,
    }


def output_fn(answer, accept):
    return json.dumps(answer)
"""
