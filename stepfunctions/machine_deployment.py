"""The state machines, rendered from their files: checked, created or updated."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from chalicelib import profile
from chalicelib.foundation.settings import BATCH_PREFIX, SOURCE_KEY, UPLOAD_PREFIX, Settings
from chalicelib.models.containers import image_uri
from chalicelib.scoring import time_budgets
from stepfunctions.consent_states import with_consents
from stepfunctions.lint import FOLDER, filled, misled

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

Values = dict[str, Any]

# A processing job has no script mode: the source is unpacked here, and the packed job_start.py does
# the rest. SageMaker takes 256 characters a word.
SCRIPT_ENTRYPOINT = [
    "/bin/sh",
    "-c",
    (
        "cd /opt/ml/processing/input/code && tar -xzf sourcedir.tar.gz && "
        'exec python3 job_start.py "$0" "$@"'
    ),
]


class InvalidDefinition(Exception):
    """A state machine that Step Functions would refuse, or that could not run."""


@dataclass(frozen=True)
class Machine:
    name: str
    type: Literal["EXPRESS", "STANDARD"]
    functions: tuple[str, ...]
    values: Callable[[Settings, str], Values] = lambda _settings, _account: {}


def _of_retraining(settings: Settings, account: str) -> Values:
    """Return the values of reentrenamiento's jobs and notices."""
    sagemaker = profile.load().sagemaker
    machine = sagemaker.machine(settings.stage)
    return {
        "Prefix": settings.prefix,
        "DataBucket": settings.data_bucket,
        "Stage": settings.stage,
        "PredictionsTable": settings.predictions_table,
        "SourceKey": SOURCE_KEY,
        "TopicArn": settings.topic_arn(account),
        "TrainingRoleArn": settings.role_arn("training", account),
        "ProcessingRoleArn": settings.role_arn("processing", account),
        "ImageUri": image_uri(sagemaker.image, settings.region),
        "ScriptEntrypoint": SCRIPT_ENTRYPOINT,
        "InstanceType": machine.instance_type,
        "VolumeGb": machine.volume_gb,
        "LongestSeconds": machine.longest_seconds,
    }


def _of_batches(settings: Settings, account: str) -> Values:
    """Return the values of lotesCredito: its bucket, its job, and how many chunks run at once."""
    whole = profile.load()
    machine = whole.sagemaker.machine(settings.stage)
    return {
        "Prefix": settings.prefix,
        "DataBucket": settings.data_bucket,
        "UploadPrefix": UPLOAD_PREFIX,
        "BatchPrefix": BATCH_PREFIX,
        "SourceKey": SOURCE_KEY,
        "ConversionRoleArn": settings.role_arn("conversion", account),
        "ImageUri": image_uri(whole.sagemaker.image, settings.region),
        "ScriptEntrypoint": SCRIPT_ENTRYPOINT,
        "InstanceType": machine.instance_type,
        "VolumeGb": machine.volume_gb,
        "LongestSeconds": machine.longest_seconds,
        "ChunksAtOnce": whole.endpoint[settings.stage].chunks_at_once,
    }


def _of_analysis(_settings: Settings, _account: str) -> Values:
    return {
        "AttemptSeconds": time_budgets.ATTEMPT_SECONDS,
        "SaveSeconds": time_budgets.SAVE_SECONDS,
        "MachineSeconds": time_budgets.MACHINE_SECONDS,
    }


MACHINES = (
    Machine(
        "analisisCredito",
        "EXPRESS",
        ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator", "saveResult"),
        _of_analysis,
    ),
    Machine(
        "reentrenamiento",
        "STANDARD",
        ("openSnapshot", "evaluateModel", "promoteModel"),
        _of_retraining,
    ),
    Machine("lotesCredito", "STANDARD", ("indexBatch", "decideChunk", "closeBatch"), _of_batches),
)


def render(name: str, values: Mapping[str, Any]) -> str:
    """Return the definition `<name>.asl.json` with each ${<value>} filled in."""
    written = json.loads((FOLDER / f"{name}.asl.json").read_text(encoding="utf-8"))
    try:
        definition = _by_profile(name, filled(written, values))
    except KeyError as missing:
        raise InvalidDefinition(f"{name} names {missing.args[0]}, which has no value.") from missing
    if faults := list(misled(definition)):
        raise InvalidDefinition(f"{name}: " + " ".join(faults))
    return json.dumps(definition, ensure_ascii=False)


def _by_profile(name: str, definition: Values) -> Values:
    """Return the definition with what the profile asks of it: consents, for analisisCredito."""
    if name != "analisisCredito":
        return definition
    return with_consents(definition, profile.load().consents())


def deploy(client: "SFNClient", settings: Settings, account: str) -> list[str]:
    """Create or update the state machines and return their ARNs. Safe to repeat."""
    return [_deploy(client, machine, settings, account) for machine in MACHINES]


def _deploy(client: "SFNClient", machine: Machine, settings: Settings, account: str) -> str:
    arn = (
        f"arn:aws:states:{settings.region}:{account}:stateMachine:{settings.prefix}-{machine.name}"
    )
    configuration = _configuration(machine, settings, account)
    try:
        client.describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "StateMachineDoesNotExist":
            raise
        client.create_state_machine(
            name=arn.rsplit(":", 1)[1],
            type=machine.type,
            tags=[
                {"key": "project", "value": settings.app_name},
                {"key": "stage", "value": settings.stage},
            ],
            **configuration,
        )
        return arn
    client.update_state_machine(stateMachineArn=arn, **configuration)
    return arn


def _configuration(machine: Machine, settings: Settings, account: str) -> dict[str, Any]:
    functions = f"arn:aws:lambda:{settings.region}:{account}:function:"
    arns = {f"{name}Arn": functions + settings.function(name) for name in machine.functions}
    group = f"/aws/vendedlogs/states/{settings.prefix}-{machine.name}"
    group_arn = f"arn:aws:logs:{settings.region}:{account}:log-group:{group}:*"
    return {
        "definition": render(machine.name, arns | machine.values(settings, account)),
        "roleArn": f"arn:aws:iam::{account}:role/{settings.prefix}-{machine.name}",
        "tracingConfiguration": {"enabled": True},
        # Errors only, and never an applicant's data.
        "loggingConfiguration": {
            "level": "ERROR",
            "includeExecutionData": False,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group_arn}}],
        },
    }
