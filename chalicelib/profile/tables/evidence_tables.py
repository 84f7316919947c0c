"""[evidence] of credit.toml: how long each stage's anchors are locked, and in which mode."""

from typing import Literal

from chalicelib.profile.tables.base_table import Table


class Evidence(Table, frozen=True):
    """The lock of a day's anchor under S3 Object Lock.

    A version in GOVERNANCE mode can be deleted with s3:BypassGovernanceRetention; in COMPLIANCE
    mode nobody can delete it, not even the account's root user, until `years` have passed.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """

    lock: Literal["GOVERNANCE", "COMPLIANCE"]
    years: int


LOCKS = {"dev": Evidence("GOVERNANCE", 1), "prod": Evidence("COMPLIANCE", 10)}
