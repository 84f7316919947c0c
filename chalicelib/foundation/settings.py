"""The stage's settings, and every name in AWS that follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.foundation.errors import MissingVariable, UnknownStage

STAGES = ("dev", "prod")

HOW_TO_START = (
    "`make run` starts all of it on this machine. For `chalice local --stage dev` beside it, run "
    'first: eval "$(.venv/bin/python -m bank env)". For an AWS account: export '
    "AWS_DEFAULT_REGION=eu-west-1"
)

MODEL_PREFIX = "appvengers/"  # an artifact that lands here becomes a model
MANIFEST_PREFIX = "manifests/"
ARRIVAL_PREFIX = "arrivals/"
ENDING_PREFIX = "endings/"  # how each deployment ended
REFUSAL_PREFIX = "refusals/"  # uploads that createEndpointModel refused, with the reason
VERIFIED_PREFIX = "verified/"  # what endpoints load; only createEndpointModel writes here
SNAPSHOT_PREFIX = "credit/snapshots/"
REPORT_PREFIX = "credit/reports/"
NEW_DATA_PREFIX = "credit/newData/"  # outcomes in files, as CSV or Parquet
QUARANTINE_PREFIX = "credit/quarantine/"  # what people say of outcomes that were held back
PROFILE_PREFIX = "credit/profiles/"
POLICY_DOCUMENT_PREFIX = "policies/documents/"
POLICY_ACT_PREFIX = "policies/acts/"  # drafts, approvals, rollbacks
SIGN_OFF_PREFIX = "credit/signOffs/"  # challengers that wait for a person, and the verdicts
MODEL_ACT_PREFIX = "credit/modelActs/"  # uploads and rollbacks that people asked for
ANCHOR_PREFIX = "anchors/"  # of the evidence bucket
BATCH_PREFIX = "credit/batch/"  # files of applications, and what became of them
UPLOAD_PREFIX = "credit/uploads/"  # files of applications until they are decided
SOURCE_KEY = "training/source/sourcedir.tar.gz"
JOB_PREFIX = "training/jobs"
TOLD_PREFIX = "training/told/"  # a mark for each job whose ending was told
LONGEST_NAME = 63  # of what SageMaker makes
STARTED_BY = "STARTED_BY"  # in a job's environment: the state machine that tells of it


@dataclass(frozen=True, slots=True)
class Settings:
    app_name: str
    stage: str
    region: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Return a process's settings.

        APP_NAME and STAGE come from `.chalice/config.json`, the region from AWS. Raises
        MissingVariable or UnknownStage.
        """
        for name in ("STAGE", "APP_NAME", "AWS_DEFAULT_REGION"):
            if not environ.get(name):
                raise MissingVariable(f"{name} is not set. {HOW_TO_START}")
        stage = environ["STAGE"]
        if stage not in STAGES:
            raise UnknownStage(f"{stage!r} is not a stage; use one of {', '.join(STAGES)}.")
        return cls(environ["APP_NAME"], stage, environ["AWS_DEFAULT_REGION"])

    @property
    def prefix(self) -> str:
        return f"{self.stage}-{self.app_name}"

    @property
    def predictions_table(self) -> str:
        return f"{self.prefix}-PrediccionesCredito"

    @property
    def reviews_table(self) -> str:
        return f"{self.prefix}-Revisiones"

    @property
    def model_bucket(self) -> str:
        return f"{self.prefix}-createendpointmodel"

    @property
    def data_bucket(self) -> str:
        return f"{self.prefix}-data"

    @property
    def evidence_bucket(self) -> str:
        return f"{self.prefix}-evidence"

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of all tables, which stay when a stage is destroyed."""
        return (self.predictions_table, self.reviews_table)

    @property
    def buckets(self) -> tuple[str, ...]:
        """Return the names of all buckets, which stay when a stage is destroyed."""
        return (self.model_bucket, self.data_bucket, self.evidence_bucket)

    def function(self, name: str) -> str:
        return f"{self.app_name}-{self.stage}-{name}"

    @property
    def review_only_parameter(self) -> str:
        return f"/{self.stage}/{self.app_name}/review-only"

    @property
    def key_scopes_parameter(self) -> str:
        return f"/{self.stage}/{self.app_name}/api-key-scopes"

    @property
    def cursor_keys_parameter(self) -> str:
        return f"/{self.stage}/{self.app_name}/cursor-keys"

    @property
    def first_day_parameter(self) -> str:
        return f"/{self.stage}/{self.app_name}/first-day"

    @property
    def sign_in_parameter(self) -> str:
        return f"/{self.stage}/{self.app_name}/console-sign-in"

    @property
    def webhooks_parameter(self) -> str:
        return f"/{self.stage}/{self.app_name}/webhooks"

    @property
    def event_source(self) -> str:
        """Return the source of the stage's events on EventBridge."""
        return f"{self.app_name}.{self.stage}"

    @property
    def webhooks_queue(self) -> str:
        return f"{self.prefix}-webhooks"

    @property
    def undelivered_queue(self) -> str:
        """Return the queue of the calls that no attempt delivered."""
        return f"{self.prefix}-undelivered"

    def queue_url(self, name: str, account: str) -> str:
        return f"https://sqs.{self.region}.amazonaws.com/{account}/{name}"

    def failures_queue_arn(self, account: str) -> str:
        return f"arn:aws:sqs:{self.region}:{account}:{self.prefix}-failures"

    def topic_arn(self, account: str) -> str:
        topic = f"{self.prefix}-ReentrenamientoNotificaciones"
        return f"arn:aws:sns:{self.region}:{account}:{topic}"

    def analysis_machine_arn(self, account: str) -> str:
        machine = f"{self.prefix}-analisisCredito"
        return f"arn:aws:states:{self.region}:{account}:stateMachine:{machine}"

    def retraining_machine_arn(self, account: str) -> str:
        machine = f"{self.prefix}-reentrenamiento"
        return f"arn:aws:states:{self.region}:{account}:stateMachine:{machine}"

    def batch_machine_arn(self, account: str) -> str:
        machine = f"{self.prefix}-lotesCredito"
        return f"arn:aws:states:{self.region}:{account}:stateMachine:{machine}"

    def role_arn(self, name: str, account: str) -> str:
        return f"arn:aws:iam::{account}:role/{self.prefix}-{name}"
