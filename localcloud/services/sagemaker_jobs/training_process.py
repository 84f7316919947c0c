import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.services.sagemaker_jobs.script_process import Ended, ScriptProcess

AT_ONCE = 2  # jobs of a kind
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
        self._script = ScriptProcess(job_name)
        self.stop = self._script.stop
        self.kill = self._script.kill

    def run(self, job: Any, folder: Path, container: Mapping[str, str]) -> Outcome:
        """Train in the folder. `container`: the variables of any container."""
        for name in ("model", "output/data", "input/config"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        hyperparameters = decoded(job.hyper_parameters)
        program = hyperparameters["sagemaker_program"]
        user = {k: v for k, v in hyperparameters.items() if not k.startswith("sagemaker_")}
        command = [sys.executable, program, *arguments(user)]
        seconds = (job.stopping_condition or {}).get("MaxRuntimeInSeconds", _DAY)
        environ = {**container, **environment(job, folder, user, command), **job.environment}
        ended = self._script.run(command, folder / "code", environ, seconds)
        return Outcome(
            ended.lines,
            metrics(ended.lines, job.algorithm_specification.get("MetricDefinitions") or []),
            _reason(folder, command, ended),
            ended.stopped,
            ended.timed_out,
        )


def _reason(folder: Path, command: list[str], ended: Ended) -> str | None:
    if ended.code == 0:
        return None
    failure = folder / "output" / "failure"
    said = failure.read_text() if failure.exists() else "\n".join(ended.lines[-20:])
    return (
        f"AlgorithmError: ExecuteUserScriptError:\nExitCode {ended.code}\n"
        f'ErrorMessage "{said[-800:]}"\nCommand "{" ".join(command)}"'
    )


def decoded(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Return a hyperparameter's value: JSON in a string, or the string itself."""
    values = {}
    for name, text in hyperparameters.items():
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """Return command-line arguments as sagemaker-training-toolkit's mapping.to_cmd_args does."""
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
    """Return the variables that SageMaker's training toolkit adds to a container's."""
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
        "SM_NUM_CPUS": processors(),
        "SM_NUM_GPUS": 0,
        "SM_LOG_LEVEL": 20,
        "SM_FRAMEWORK_PARAMS": {},
        **{f"SM_CHANNEL_{name.upper()}": path for name, path in channels.items()},
        **{f"SM_HP_{name.upper()}": value for name, value in hyperparameters.items()},
        "TRAINING_JOB_NAME": job.training_job_name,
        "TRAINING_JOB_ARN": job.arn,
    }
    return {name: _as_text(value) for name, value in sm.items()}


def processors() -> int:
    """Return the processors of a job's instance: two jobs share this machine, half of it each."""
    return max(1, (os.cpu_count() or 1) // AT_ONCE)


def metrics(lines: list[str], definitions: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Return the last value of each metric in the log, by its regular expression."""
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
