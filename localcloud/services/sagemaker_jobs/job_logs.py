"""The log of a job's script, in CloudWatch and in a file."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import boto3


def keep(folder: Path | None, region: str, jobs: str, name: str, lines: list[str]) -> None:
    """Store a log. `jobs` is TrainingJobs or ProcessingJobs, as in the name of SageMaker's log
    group.
    """
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.log").write_text("\n".join(lines), encoding="utf-8")
    logs = boto3.client("logs", region_name=region)
    group, stream = f"/aws/sagemaker/{jobs}", f"{name}/algo-1"
    # Two jobs may end at once.
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": now, "message": line} for line in lines[-1000:] if line]
    if events:
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
