"""Endpoint of a model that the permission audit moves, spoils and creates again."""

import io
import tarfile
from typing import Any

import boto3

from bank.embedded_bank import Bank
from chalicelib.foundation.settings import VERIFIED_PREFIX
from chalicelib.models.endpoints import VARIANT, capacity, deployment
from chalicelib.profile import Canary, Endpoint, Instances

SLOW_TO_FAIL = b"import time; time.sleep(5); raise ImportError"


class AuditedEndpoint:
    """A model's endpoint, as its operator may spoil it."""

    def __init__(self, bank: Bank, model: str, version: str) -> None:
        self._version = version
        self._name = f"{bank.settings.prefix}-{model}"
        self._bucket = bank.settings.model_bucket
        self._sagemaker = boto3.client("sagemaker")

    def move_to_machines(self, *, guarded: bool) -> None:
        """Move the endpoints to machines.

        With `guarded`, a canary goes first, as [endpoint] canary says.
        """
        canary, config = Canary(bake_seconds=1, share=0.5), f"machines-{guarded}"
        machines = capacity(Endpoint(instances=Instances("ml.m5.large")))
        self._configure(config, f"{self._name}-{self._version}", machines)
        prefix, _, model = self._name.rpartition("-")
        shifting: Any = {"DeploymentConfig": deployment(canary, prefix, model)} if guarded else {}
        self._update(config, **shifting)

    def spoil(self) -> None:
        """Make later deployments fail, after a while."""
        packed, member = io.BytesIO(), tarfile.TarInfo("code/inference.py")
        member.size = len(SLOW_TO_FAIL)
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.addfile(member, io.BytesIO(SLOW_TO_FAIL))
        key = f"{VERIFIED_PREFIX}spoilt.tar.gz"
        boto3.client("s3").put_object(Bucket=self._bucket, Key=key, Body=packed.getvalue())
        like = self._sagemaker.describe_model(ModelName=f"{self._name}-{self._version}")
        image = like["PrimaryContainer"]["Image"]
        container: Any = {"Image": image, "ModelDataUrl": f"s3://{self._bucket}/{key}"}
        self._sagemaker.create_model(
            ModelName=f"{self._name}-spoilt",
            ExecutionRoleArn=like["ExecutionRoleArn"],
            PrimaryContainer=container,
        )
        serverless = capacity(Endpoint(memory_mb=1024, max_concurrency=1))
        self._configure("spoilt", f"{self._name}-spoilt", serverless)

    def delete(self) -> None:
        self._sagemaker.delete_endpoint(EndpointName=self._name)

    def prepare(self, version: str) -> None:
        """Create a model and a configuration on machines.

        They are for a version that returns to serverless later.
        """
        like = self._sagemaker.describe_model(ModelName=f"{self._name}-{self._version}")
        self._sagemaker.create_model(
            ModelName=f"{self._name}-{version}",
            ExecutionRoleArn=like["ExecutionRoleArn"],
            PrimaryContainer=like["PrimaryContainer"],
            EnableNetworkIsolation=True,
        )
        machines = capacity(Endpoint(instances=Instances("ml.m5.large")))
        self._configure(version, f"{self._name}-{version}", machines)

    def fail_to_update(self) -> None:
        self._update("spoilt")

    def make_again(self) -> None:
        self.delete()
        config = f"{self._name}-spoilt"
        self._sagemaker.create_endpoint(EndpointName=self._name, EndpointConfigName=config)

    def _configure(self, config: str, model: str, runs_on: dict[str, Any]) -> None:
        variant: Any = {"VariantName": VARIANT, "ModelName": model, **runs_on}
        self._sagemaker.create_endpoint_config(
            EndpointConfigName=f"{self._name}-{config}", ProductionVariants=[variant]
        )

    def _update(self, config: str, **shifting: Any) -> None:
        name = f"{self._name}-{config}"
        self._sagemaker.update_endpoint(
            EndpointName=self._name, EndpointConfigName=name, **shifting
        )
