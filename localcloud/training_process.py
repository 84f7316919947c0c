import ctypes
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

log = logging.getLogger("localcloud")

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
STOP_SECONDS = 20  # SageMaker gives 120
_DAY = 24 * 3600  # MaxRuntimeInSeconds has this default


@dataclass(frozen=True)
class Outcome:
    lines: list[str]
    metrics: list[dict[str, Any]]
    reason: str | None  # why it failed
    stopped: bool
    timed_out: bool


class TrainingProcess:
    """`python train.py --key value` in SageMaker's folders, with SageMaker's environment."""

    def __init__(self, job_name: str) -> None:
        self._job_name = job_name
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()
        self._timed_out = threading.Event()

    def stop(self) -> None:
        """Asks the script to end, and ends it if it does not."""
        self._stopped.set()
        if self._process:
            self._process.terminate()
            grace = threading.Timer(STOP_SECONDS, self._process.kill)
            grace.daemon = True
            grace.start()

    def kill(self) -> None:
        self._stopped.set()
        if self._process:
            self._process.kill()

    def run(self, job: Any, folder: Path) -> Outcome:
        for name in ("model", "output/data", "input/config"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if self._stopped.is_set():
            return Outcome([], [], None, stopped=True, timed_out=False)
        hyperparameters = decoded(job.hyper_parameters)
        program = hyperparameters["sagemaker_program"]
        user = {k: v for k, v in hyperparameters.items() if not k.startswith("sagemaker_")}
        command = [sys.executable, program, *arguments(user)]
        self._process = subprocess.Popen(
            command,
            cwd=folder / "code",
            env=environment(job, folder, user, command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509 - one call into libc
        )
        if self._stopped.is_set():  # while it was being started
            self._process.kill()
        lines = self._watch(self._process, job.stopping_condition or {})
        return Outcome(
            lines,
            metrics(lines, job.algorithm_specification.get("MetricDefinitions") or []),
            self._reason(folder, command, lines),
            self._stopped.is_set() or self._timed_out.is_set(),
            self._timed_out.is_set(),
        )

    def _watch(self, process: subprocess.Popen[str], limits: Mapping[str, int]) -> list[str]:
        timer = threading.Timer(limits.get("MaxRuntimeInSeconds", _DAY), self._time_out)
        timer.start()
        lines = []
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                log.info("%s | %s", self._job_name, lines[-1])
        process.wait()
        timer.cancel()
        return lines

    def _time_out(self) -> None:
        self._timed_out.set()
        if self._process:
            self._process.kill()

    def _reason(self, folder: Path, command: list[str], lines: list[str]) -> str | None:
        assert self._process
        if self._process.returncode == 0:
            return None
        failure = folder / "output" / "failure"
        said = failure.read_text() if failure.exists() else "\n".join(lines[-20:])
        return (
            f"AlgorithmError: ExecuteUserScriptError:\nExitCode {self._process.returncode}\n"
            f'ErrorMessage "{said[-800:]}"\nCommand "{" ".join(command)}"'
        )


def decoded(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """SageMaker's values are JSON in strings; what is not JSON is the string itself."""
    values = {}
    for name, text in hyperparameters.items():
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """As aws/sagemaker-training-toolkit's mapping.to_cmd_args writes them."""
    words = []
    for name, value in sorted(hyperparameters.items()):
        words.append(f"-{name}" if len(name) == 1 else f"--{name}")
        if isinstance(value, dict):
            words.append(",".join(f"{k}={v}" for k, v in sorted(value.items())))
        else:
            words.append(str(value))
    return words


def environment(
    job: Any, folder: Path, hyperparameters: Mapping[str, Any], command: list[str]
) -> dict[str, str]:
    channels = {
        channel["ChannelName"]: str(folder / "input" / "data" / channel["ChannelName"])
        for channel in job.input_data_config or []
    }
    resources = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}
    sm = {
        "SM_MODEL_DIR": folder / "model",
        "SM_OUTPUT_DIR": folder / "output",
        "SM_OUTPUT_DATA_DIR": folder / "output" / "data",
        "SM_INPUT_DIR": folder / "input",
        "SM_INPUT_CONFIG_DIR": folder / "input" / "config",
        "SM_MODULE_DIR": job.hyper_parameters["sagemaker_submit_directory"].strip('"'),
        "SM_MODULE_NAME": Path(command[1]).stem,
        "SM_USER_ENTRY_POINT": command[1],
        "SM_USER_ARGS": command[2:],
        "SM_HPS": dict(hyperparameters),
        "SM_CHANNELS": sorted(channels),
        "SM_RESOURCE_CONFIG": resources,
        "SM_INPUT_DATA_CONFIG": {name: {} for name in channels},
        "SM_CURRENT_HOST": "algo-1",
        "SM_CURRENT_INSTANCE_TYPE": (job.resource_config or {}).get("InstanceType", "local"),
        "SM_HOSTS": ["algo-1"],
        "SM_NETWORK_INTERFACE_NAME": "lo",
        "SM_NUM_CPUS": os.cpu_count() or 1,
        "SM_NUM_GPUS": 0,
        "SM_LOG_LEVEL": 20,
        "SM_FRAMEWORK_PARAMS": {},
        **{f"SM_CHANNEL_{name.upper()}": path for name, path in channels.items()},
        **{f"SM_HP_{name.upper()}": value for name, value in hyperparameters.items()},
        "TRAINING_JOB_NAME": job.training_job_name,
        "TRAINING_JOB_ARN": job.arn,
        "PYTHONUNBUFFERED": "1",
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait must not keep others from the cores
    }
    texts = {name: _as_text(value) for name, value in sm.items()}
    return {**os.environ, **texts, **job.environment}


def metrics(lines: list[str], definitions: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The last value of each metric that its regular expression finds in the log."""
    text = "\n".join(lines)
    found = {d["Name"]: re.findall(d["Regex"], text) for d in definitions}
    now = datetime.now(UTC)
    return [
        {"MetricName": name, "Value": float(values[-1]), "Timestamp": now}
        for name, values in found.items()
        if values
    ]


def _as_text(value: Any) -> str:
    return str(value) if isinstance(value, (str, Path)) else json.dumps(value, sort_keys=True)


def _die_with_parent() -> None:
    # a training that outlives a killed cloud would burn a core for nobody
    assert _LIBC
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
