"""Adapter of the policies' objects in the data bucket. It only adds objects."""

from typing import TYPE_CHECKING

import msgspec

from chalicelib.foundation.added_object import add_object
from chalicelib.foundation.settings import POLICY_ACT_PREFIX, POLICY_DOCUMENT_PREFIX
from chalicelib.governance.policies import policy_documents
from chalicelib.governance.policies.acts import Act
from chalicelib.profile import Policy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class PolicyBucket:
    """The objects. What was read once is kept, as nothing is ever changed."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._acts: dict[str, Act] = {}
        self._policies: dict[str, Policy] = {}

    def acts(self) -> list[Act]:
        """Return all acts, the earliest first."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=POLICY_ACT_PREFIX
        )
        for page in pages:
            for found in page.get("Contents", []):
                if found["Key"] not in self._acts:
                    body = self._read(found["Key"])
                    self._acts[found["Key"]] = msgspec.json.decode(body, type=Act)
        return [self._acts[key] for key in sorted(self._acts)]

    def add_act(self, act: Act) -> None:
        key = f"{POLICY_ACT_PREFIX}{act.id}.json"
        add_object(self._s3, self._bucket, key, msgspec.json.encode(act))

    def policy(self, version: str) -> Policy:
        """Return a policy. Raises ValueError if its document was changed, and ClientError."""
        if version not in self._policies:
            body = self._read(f"{POLICY_DOCUMENT_PREFIX}{version}.json")
            self._policies[version] = policy_documents.read(body, version)
        return self._policies[version]

    def add_policy(self, policy: Policy) -> None:
        key = f"{POLICY_DOCUMENT_PREFIX}{policy.version()}.json"
        add_object(self._s3, self._bucket, key, policy_documents.written(policy))

    def _read(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
