"""ARNs of a stage's resources, in the deployment's region and account."""

from dataclasses import dataclass

from chalicelib.foundation.settings import POLICY_ACT_PREFIX, POLICY_DOCUMENT_PREFIX, Settings
from infrastructure.template.function_permissions.function_names import MODELS


@dataclass(frozen=True)
class Arns:
    """ARNs of a stage's resources."""

    settings: Settings

    @property
    def prefix(self) -> str:
        return self.settings.prefix

    @property
    def table(self) -> str:
        return f"arn:aws:dynamodb:*:*:table/{self.settings.predictions_table}"

    @property
    def reviews(self) -> str:
        return f"arn:aws:dynamodb:*:*:table/{self.settings.reviews_table}"

    @property
    def topic(self) -> str:
        return f"arn:aws:sns:*:*:{self.prefix}-ReentrenamientoNotificaciones"

    @property
    def models(self) -> str:
        return f"arn:aws:s3:::{self.settings.model_bucket}"

    @property
    def data(self) -> str:
        return f"arn:aws:s3:::{self.settings.data_bucket}"

    @property
    def evidence(self) -> str:
        return f"arn:aws:s3:::{self.settings.evidence_bucket}"

    @property
    def switch(self) -> str:
        return f"arn:aws:ssm:*:*:parameter{self.settings.review_only_parameter}"

    @property
    def scopes(self) -> str:
        return f"arn:aws:ssm:*:*:parameter{self.settings.key_scopes_parameter}"

    @property
    def cursor_keys(self) -> str:
        """A SecureString of the key aws/ssm, which every role of the account may decrypt with."""
        return f"arn:aws:ssm:*:*:parameter{self.settings.cursor_keys_parameter}"

    @property
    def first_day(self) -> str:
        return f"arn:aws:ssm:*:*:parameter{self.settings.first_day_parameter}"

    @property
    def sign_in(self) -> str:
        return f"arn:aws:ssm:*:*:parameter{self.settings.sign_in_parameter}"

    @property
    def webhooks(self) -> str:
        """A SecureString as well, of addresses and secrets."""
        return f"arn:aws:ssm:*:*:parameter{self.settings.webhooks_parameter}"

    @property
    def calls(self) -> str:
        """The queue of webhooks."""
        return f"arn:aws:sqs:*:*:{self.settings.webhooks_queue}"

    @property
    def scoring(self) -> dict[str, str]:
        """The endpoint of each model. SageMaker writes names in lower case in ARNs."""
        begin = f"arn:aws:sagemaker:*:*:endpoint/{self.prefix}-"
        return {name: begin + name.lower() for name in MODELS}

    @property
    def policies(self) -> list[str]:
        """Documents of policies, and the acts on them."""
        return [f"{self.data}/{POLICY_DOCUMENT_PREFIX}*", f"{self.data}/{POLICY_ACT_PREFIX}*"]

    def machine(self, name: str) -> str:
        return f"arn:aws:states:*:*:stateMachine:{self.prefix}-{name}"

    def executions(self, machine: str) -> str:
        return f"arn:aws:states:*:*:execution:{self.prefix}-{machine}:*"

    def function(self, name: str) -> str:
        return f"arn:aws:lambda:*:*:function:{self.settings.function(name)}"

    def sagemaker(self, kind: str) -> str:
        """Return the ARN of all of the stage's resources of a kind, e.g. endpoint."""
        return f"arn:aws:sagemaker:*:*:{kind}/{self.prefix}-*"
