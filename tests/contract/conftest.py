import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED

ROLE = "arn:aws:iam::123456789012:role/role"
SERVICES = ("lambda", "states", "sagemaker")
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with embedded_cloud(quotas=GRANTED) as cloud:
        make_role()
        yield cloud


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(*services: str) -> dict[str, Any]:
    principal = {"Service": [f"{service}.amazonaws.com" for service in services]}
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}


def make_role(*permissions: dict[str, Any], services: tuple[str, ...] = SERVICES) -> str:
    """The role `role`, which may do everything unless told what."""
    iam = boto3.client("iam")
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=document(trust(*services)))
    permit(*permissions or [EVERYTHING])
    return ROLE


def permit(*permissions: dict[str, Any]) -> None:
    """From now on the role `role` may do this and nothing else."""
    boto3.client("iam").put_role_policy(
        RoleName="role", PolicyName="all", PolicyDocument=document(*permissions)
    )


@pytest.fixture
def role(cloud: Cloud) -> str:
    return ROLE


@pytest.fixture
def add(cloud: Cloud, role: str) -> Callable[..., str]:
    """add(name, handler) -> ARN"""

    def add_function(name: str, handler: Callable[[Any, Any], Any], **more: Any) -> str:
        return cloud.add_function(name, handler, role_arn=role, **more)

    return add_function


def make_table(name: str = "decisions") -> None:
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "clientId", "KeyType": "HASH"},
            {"AttributeName": "predictionId", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "clientId", "AttributeType": "S"},
            {"AttributeName": "predictionId", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def tar_gz(files: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return file.getvalue()


# a model that adds up the loan's terms, times its factor
INFERENCE = """
import json, os, time
def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, "model.json")))
def input_fn(body, content_type):
    return json.loads(body)
def predict_fn(loan, model):
    if loan.get("raise"): raise ValueError("no such lender")
    if loan.get("die"): os._exit(9)
    time.sleep(loan.get("sleep", 0))
    return model["factor"] * loan["term"]
def output_fn(prediction, accept):
    return json.dumps({"score": prediction, "pid": os.getpid()}), "application/json"
"""


def make_model(name: str, factor: int = 1, inference: str = INFERENCE) -> None:
    """A model and an endpoint configuration, both of that name."""
    s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
    s3.create_bucket(Bucket="models")
    files = {"model.json": json.dumps({"factor": factor}), "code/inference.py": inference}
    s3.put_object(Bucket="models", Key=f"{name}/model.tar.gz", Body=tar_gz(files))
    url = f"s3://models/{name}/model.tar.gz"
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn="arn:aws:iam::123456789012:role/role",
        PrimaryContainer={"Image": "sklearn", "ModelDataUrl": url},
    )
    variant: Any = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1,
               "InstanceType": "ml.t2.medium"}  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def ask(endpoint: str, **loan: Any) -> dict[str, Any]:
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, Body=json.dumps(loan), ContentType="application/json"
    )
    return dict(json.loads(answer["Body"].read()))


ITEMS = 200


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 200 items and an object, closed."""
    from tests.contract.kept_state.test_durability import key, reopened

    folder = tmp_path_factory.mktemp("whole") / "bank"
    with reopened(folder):
        dynamodb = boto3.client("dynamodb")
        puts: list[Any] = [
            {"PutRequest": {"Item": {**key(n), "reasons": {"S": f"reason {n} " * 60}}}}
            for n in range(ITEMS)
        ]
        for n in range(0, ITEMS, 25):
            dynamodb.batch_write_item(RequestItems={"decisions": puts[n : n + 25]})
        boto3.client("s3").put_object(Bucket="data", Key="model", Body=b"model")
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(whole, tmp_path / "bank"))
