"""The collaborators of all functions.

Each is built on first use, so that a function pays only for its own clients.
"""

import os
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib import profile
from chalicelib.decisions.intake.analysis import Analyses
from chalicelib.decisions.intake.analysis_machine import AnalysisMachine
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.notifications import NotificationTopic
from chalicelib.foundation.settings import REPORT_PREFIX, Settings
from chalicelib.models import champions
from chalicelib.models.challengers import Challengers
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.model_packages import ModelPackages
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.reports import Reports
from chalicelib.retraining.retraining_files import RetrainingFiles
from chalicelib.retraining.training_history import TrainingHistory
from chalicelib.retraining.weekly_update import RetrainingMachine
from chalicelib.scoring.endpoint_invocation import ScoringEndpoints
from chalicelib.services.client_times import (
    ANALYSIS,
    ARTIFACTS,
    ERASING,
    PROBING,
    QUICK,
    SCORING,
    SWITCH,
    TESTING,
    WARMING,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from botocore.config import Config
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

    from chalicelib.decisions.lists.cursor_keys import CursorKeys
    from chalicelib.decisions.lists.decision_places import DecisionPlaces
    from chalicelib.governance.erasure.decision_files import DecisionFiles
    from chalicelib.governance.erasure.erasure_request import Eraser
    from chalicelib.governance.erasure.erasure_table import ErasureTable
    from chalicelib.governance.evidence.anchor_bucket import AnchorBucket
    from chalicelib.governance.evidence.object_log import ObjectLog
    from chalicelib.governance.evidence.record_log import RecordLog
    from chalicelib.governance.policies.in_force import PolicyInForce
    from chalicelib.governance.policies.policy_bucket import PolicyBucket
    from chalicelib.governance.policies.review_only_switch import ReviewOnlySwitch
    from chalicelib.governance.reviews.review_queue import ReviewQueue
    from chalicelib.governance.rights.counterfactuals.committee import Committee
    from chalicelib.monitoring.lost_events import FunctionsThatWait
    from chalicelib.monitoring.probes import Probes
    from chalicelib.monitoring.readiness import Readiness
    from chalicelib.people.key_scopes import KeyScopes
    from chalicelib.profile import Profile


class Services:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._has_served = False

    def ever_served(self) -> bool:
        """Return whether any model is or was in service; once it was, that is remembered."""
        self._has_served = self._has_served or champions.ever_served(
            self.profile, self.endpoints, self.models
        )
        return self._has_served

    @cached_property
    def profile(self) -> "Profile":
        return profile.load()

    def profile_in_force(self) -> "Profile":
        """Return the profile with the policy that is in force now. Raises PolicyUnavailable."""
        return self._policy_in_force.profile(datetime.now(UTC))

    def committee(self, consents: "Collection[str]") -> "Committee":
        """Return the models in service and the policy in force, for an applicant's consents."""
        from chalicelib.governance.rights.counterfactuals.committee import Committee

        return Committee(
            self.profile_in_force(),
            self.scoring,
            review_only=self.review_only.is_on(),
            without=self.profile.without_consent(consents),
        )

    @cached_property
    def _policy_in_force(self) -> "PolicyInForce":
        from chalicelib.governance.policies.in_force import PolicyInForce

        return PolicyInForce(self.policies, self.profile)

    @cached_property
    def policies(self) -> "PolicyBucket":
        from chalicelib.governance.policies.policy_bucket import PolicyBucket

        return PolicyBucket(_client("s3", SWITCH), self.settings.data_bucket)

    @cached_property
    def record_log(self) -> "RecordLog":
        from chalicelib.governance.evidence.record_log import RecordLog  # one function needs it

        return RecordLog(_client("dynamodb", QUICK), self.settings.predictions_table)

    @cached_property
    def object_log(self) -> "ObjectLog":
        from chalicelib.governance.evidence.object_log import ObjectLog

        return ObjectLog(_client("s3", ARTIFACTS), self.settings)

    def anchors(self) -> "AnchorBucket":
        """Return the evidence bucket as it is now."""
        from chalicelib.governance.evidence.anchor_bucket import AnchorBucket

        return AnchorBucket(_client("s3", ARTIFACTS), self.settings.evidence_bucket)

    @cached_property
    def erasures(self) -> "ErasureTable":
        from chalicelib.governance.erasure.erasure_table import ErasureTable

        client = _client("dynamodb", QUICK)
        return ErasureTable(client, self.settings.predictions_table, self.settings.reviews_table)

    @cached_property
    def decision_files(self) -> "DecisionFiles":
        from chalicelib.governance.erasure.decision_files import DecisionFiles

        return DecisionFiles(_client("s3", ARTIFACTS), self.settings.data_bucket)

    @cached_property
    def eraser(self) -> "Eraser":
        from chalicelib.governance.erasure.erasure_request import Eraser

        return Eraser(_client("lambda", ERASING), self.settings.function("eraseClient"))

    @cached_property
    def predictions(self) -> PredictionTable:
        days = self.profile.retention.records_days
        return PredictionTable(_client("dynamodb", QUICK), self.settings.predictions_table, days)

    @cached_property
    def reviews(self) -> "ReviewQueue":
        from chalicelib.governance.reviews.review_queue import ReviewQueue

        days = self.profile.retention.cases_days
        return ReviewQueue(_client("dynamodb", QUICK), self.settings.reviews_table, days)

    @cached_property
    def review_only(self) -> "ReviewOnlySwitch":
        from chalicelib.governance.policies.review_only_switch import ReviewOnlySwitch

        return ReviewOnlySwitch(_client("ssm", SWITCH), self.settings.review_only_parameter)

    @cached_property
    def key_scopes(self) -> "KeyScopes":
        from chalicelib.people.key_scopes import KeyScopes  # the API's function alone asks

        return KeyScopes(_client("ssm", SWITCH), self.settings.key_scopes_parameter)

    @cached_property
    def decision_places(self) -> "DecisionPlaces":
        from chalicelib.decisions.lists.decision_places import DecisionPlaces  # the API alone

        return DecisionPlaces(_client("dynamodb", QUICK), self.settings.predictions_table)

    @cached_property
    def cursor_keys(self) -> "CursorKeys":
        from chalicelib.decisions.lists.cursor_keys import CursorKeys

        return CursorKeys(_client("ssm", SWITCH), self.settings.cursor_keys_parameter)

    @cached_property
    def analyses(self) -> Analyses:
        arn = self.settings.analysis_machine_arn(self.account)
        starting = partial(_client, "stepfunctions", QUICK)
        machine = AnalysisMachine(_client("stepfunctions", ANALYSIS), arn, starting)
        return Analyses(machine, self.predictions, self.ever_served)

    @cached_property
    def scoring(self) -> ScoringEndpoints:
        runtime = _client("sagemaker-runtime", SCORING)
        prefix, features = self.settings.prefix, self.profile.features
        return ScoringEndpoints(runtime, prefix, features, lambda: self._testing_runtime)

    @cached_property
    def _testing_runtime(self) -> "SageMakerRuntimeClient":
        runtime: SageMakerRuntimeClient = _client("sagemaker-runtime", TESTING)
        return runtime

    @cached_property
    def readiness(self) -> "Readiness":
        from chalicelib.monitoring.probes import Probes  # few functions need it
        from chalicelib.monitoring.readiness import Readiness

        probes = Probes(_client("sagemaker-runtime", PROBING), self.settings.prefix)
        return Readiness(self.profile, probes)

    @cached_property
    def patient_probes(self) -> "Probes":
        from chalicelib.monitoring.probes import Probes

        return Probes(_client("sagemaker-runtime", WARMING), self.settings.prefix)

    @cached_property
    def models(self) -> ModelBucket:
        return ModelBucket(_client("s3", ARTIFACTS), self.settings.model_bucket)

    @cached_property
    def endpoints(self) -> ModelEndpoints:
        return ModelEndpoints(
            _client("sagemaker", QUICK),
            self.settings.prefix,
            self.settings.role_arn("endpoints", self.account),
            self.profile.endpoint[self.settings.stage],
            self.profile.sagemaker,
        )

    @cached_property
    def data(self) -> DataBucket:
        return DataBucket(_client("s3", ARTIFACTS), self.settings.data_bucket)

    @cached_property
    def retraining(self) -> RetrainingMachine:
        arn = self.settings.retraining_machine_arn(self.account)
        return RetrainingMachine(_client("stepfunctions", QUICK), arn)

    @cached_property
    def retraining_files(self) -> RetrainingFiles:
        s3 = _client("s3", ARTIFACTS)
        return RetrainingFiles(s3, self.settings.data_bucket, self.settings.model_bucket)

    @cached_property
    def registry(self) -> SignOffRegistry:
        image, bucket = self.profile.sagemaker.image, self.settings.data_bucket
        packages = ModelPackages(_client("sagemaker", QUICK), self.settings.prefix, image)
        challengers = Challengers(_client("s3", QUICK), bucket)
        return SignOffRegistry(packages, challengers, f"s3://{bucket}/{REPORT_PREFIX}")

    def open_case(self, decided: dict[str, Any]) -> None:
        """Open the case of a decision that is left to a person."""
        from chalicelib.governance.reviews.cases import review_case

        self.reviews.open(review_case(decided, self.profile))

    @cached_property
    def history(self) -> TrainingHistory:
        return TrainingHistory(_client("sagemaker", QUICK), self.settings.prefix)

    @cached_property
    def reports(self) -> Reports:
        return Reports(_client("s3", ARTIFACTS), self.settings.data_bucket)

    @cached_property
    def functions_that_wait(self) -> "FunctionsThatWait":
        from chalicelib.monitoring.lost_events import FunctionsThatWait  # few functions need it

        return FunctionsThatWait(_client("lambda", QUICK), self.settings)

    @cached_property
    def topic(self) -> NotificationTopic:
        return NotificationTopic(_client("sns", QUICK), self.settings.topic_arn(self.account))

    @property
    def is_on_aws(self) -> bool:
        return "AWS_LAMBDA_RUNTIME_API" in os.environ  # where Lambda's own runtime listens

    @cached_property
    def account(self) -> str:
        """Return the account's id.

        Lambda does not give it to a function; this call needs no permission.
        """
        account: str = _client("sts", QUICK).get_caller_identity()["Account"]
        return account


@cache
def services() -> Services:
    """Return the collaborators, built by the first call: Chalice sets a stage's variables around
    calls only.
    """
    return Services(Settings.from_environ(os.environ))


def _client(name: str, config: "Config") -> Any:
    return boto3.client(name, config=config)  # type: ignore[call-overload]
