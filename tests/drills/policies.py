"""Decisions under three policies, two of them no longer in force: each replays identically.

python -m tests.drills.policies DECISIONS      1000 without a number

People change the policy over the API, by two approvals and by a rollback, while real applications
are decided. Then one decision is forged with a policy that was never the bank's.
"""

import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pandas as pd
import requests
from rich.console import Console

from bank.api import serving_api
from bank.demo_users.demo_people import signed_in
from bank.embedded_bank import Bank, open_bank
from bank.first_run import body_of, bring
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.governance.policies.in_force import SECONDS_UNTIL_SEEN
from chalicelib.governance.policies.policy_bucket import PolicyBucket
from chalicelib.people.access import PEOPLE, Role
from chalicelib.profile import load
from datasets.sba import SAMPLE, dataset_of
from infrastructure import embedded
from infrastructure.deploy.steps import user_pool
from infrastructure.operate.sign_in_flow import Flow
from workbench.replay import artifacts_in
from workbench.replaying.policy_record import PolicyRecord
from workbench.replaying.replayed_decision import replay

API_KEY = "the-key-of-the-drill"
SECONDS = 60
CLIENTS = 3  # as many as an endpoint of dev takes at once
Document = dict[str, Any]


def token_of(bank: Bank, name: str) -> str:
    """Make a person of the role risk, and return their token."""
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    cognito, password = boto3.client("cognito-idp"), f"{secrets.token_urlsafe(18)}-aA1"
    person = {"UserPoolId": pool.id, "Username": name}
    cognito.admin_create_user(**person, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**person, Password=password, Permanent=True)
    cognito.admin_add_user_to_group(**person, GroupName=Role.RISK)
    aws = f"http://127.0.0.1:{bank.cloud.serve_aws(0)}"
    return signed_in(Flow(f"{aws}/cognito/{pool.domain}", pool.client_id), name, password)


def act(url: str, token: str, path: str, body: Document | None = None) -> Document:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{url}{PEOPLE}{path}", json=body, headers=headers, timeout=SECONDS)
    answer.raise_for_status()
    return dict(answer.json())


def decided(url: str, body: Document) -> Document:
    headers = {"x-api-key": API_KEY}
    answer = requests.post(f"{url}/predict", json=body, headers=headers, timeout=SECONDS)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def change(url: str, tokens: list[str], parts: Document) -> str:
    """Draft a policy and have both people approve it; return its version."""
    draft = act(url, tokens[0], "/policies", {"policy": parts, "reason": "The drill's."})
    for token in tokens:
        act(url, token, f"/policy-drafts/{draft['id']}/approval")
    return str(draft["policy"])


def drill(bank: Bank, url: str, bodies: list[Document], count: int) -> list[Document]:
    """Decide on applications under three policies, and return the decisions."""
    profile, tokens = load(), [token_of(bank, name) for name in ("one", "another")]
    stricter = msgspec.json.decode(msgspec.json.encode(profile.decision)) | {"approve_from": 575}
    some = cycle(bodies)
    changes = [
        lambda: None,
        lambda: change(url, tokens, {"decision": stricter}),
        lambda: change(url, tokens, {"rules": [], "offer": None}),
    ]
    made: list[Document] = []
    for number, step in enumerate(changes):
        step()
        time.sleep(SECONDS_UNTIL_SEEN if number else 0)
        share = count // 3 + (count % 3 if number == 0 else 0)
        with ThreadPoolExecutor(CLIENTS) as pool:
            made += pool.map(partial(decided, url), [*islice(some, share)])
    back = {"policy": profile.policy_version(), "reason": "The drill's emergency."}
    act(url, tokens[0], "/policy-rollback", back)
    return made


def replayed(bank: Bank, made: list[Document], forged: int) -> list[list[str]]:
    """Replay the decisions; one of them with a policy that was never in force."""
    s3, settings = boto3.client("s3"), bank.settings
    table = PredictionTable(boto3.client("dynamodb"), settings.predictions_table)
    stored = [table.get(one["clientId"], one["predictionId"]) for one in made]
    lenient = msgspec.structs.replace(load().decision, approve_from=300.0, decline_below=100.0)
    policy = msgspec.structs.replace(load(), decision=lenient, rules=(), offer=None).policy
    one = stored[forged]
    one["evidence"]["policy"] = msgspec.to_builtins(policy)
    one |= {"policyVersion": policy.version(), "decision": "APPROVE", "decisionBasis": "SCORE"}
    one["cutOffs"] = {"approveFrom": 300.0, "declineBelow": 100.0}
    for name in ("rules", "offer"):
        one.pop(name, None)
    record = PolicyRecord(PolicyBucket(s3, settings.data_bucket))
    return replay(stored, artifacts_in(s3, settings.model_bucket), record.fault)


def main(count: int) -> None:
    os.environ |= embedded.CLIENT
    dataset = dataset_of(pd.read_parquet(SAMPLE))
    bodies = [body_of(case) for case in dataset.cases()]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_bank(Path(folder)) as bank,
        serving_api(bank, API_KEY, 0) as port,
    ):
        bring(bank, dataset, Console(quiet=True))
        made = drill(bank, f"http://127.0.0.1:{port}", bodies, count)
        print(f"{count:,} decisions by policy: {dict(Counter(o['policyVersion'] for o in made))}")
        differences = replayed(bank, made, forged=count // 2)
    identical = sum(not one for one in differences)
    print(f"{identical:,} of {count - 1:,} replay identically; the forged one: ", end="")
    print(differences[count // 2])
    sys.exit(0 if identical == count - 1 and differences[count // 2] else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000)
