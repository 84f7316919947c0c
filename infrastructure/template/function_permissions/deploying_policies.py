"""Permissions of the functions that deploy models."""

from chalicelib.foundation.settings import (
    ARRIVAL_PREFIX,
    ENDING_PREFIX,
    MANIFEST_PREFIX,
    MODEL_PREFIX,
    REFUSAL_PREFIX,
    SIGN_OFF_PREFIX,
    VERIFIED_PREFIX,
)
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.statement import (
    Statement,
    allow,
    listing,
    pass_role,
)


def deploying(arns: Arns) -> dict[str, list[Statement]]:
    """Return the statements of each function."""
    converging = [
        allow("s3:ListBucket", arns.models),
        allow("s3:PutObject", f"{arns.models}/{ARRIVAL_PREFIX}*"),
        # AWS asks for both, the endpoint and the configuration that it gets.
        allow(
            ["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"],
            [arns.sagemaker("endpoint"), arns.sagemaker("endpoint-config")],
        ),
        allow(
            ["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"],
            arns.sagemaker("endpoint"),
        ),
        allow(
            ["sagemaker:DescribeModel", "sagemaker:CreateModel"],
            arns.sagemaker("model"),
        ),
        allow(
            ["sagemaker:DescribeEndpointConfig", "sagemaker:CreateEndpointConfig"],
            arns.sagemaker("endpoint-config"),
        ),
        # A version that comes back may have these of before the capacity changed.
        allow("sagemaker:DeleteEndpointConfig", arns.sagemaker("endpoint-config")),
        allow("sagemaker:DeleteModel", arns.sagemaker("model")),
        allow("s3:PutObject", f"{arns.models}/{ENDING_PREFIX}*"),
        pass_role(arns.settings, "endpoints"),
        allow("sns:Publish", arns.topic),
    ]
    return {
        "createEndpointModel": [
            allow(
                "s3:GetObject",
                [
                    f"{arns.models}/{MODEL_PREFIX}*",
                    f"{arns.models}/{MANIFEST_PREFIX}*",
                    f"{arns.data}/{SIGN_OFF_PREFIX}*",
                ],
            ),
            # Does the version wait for a person?
            listing(arns.data, f"{SIGN_OFF_PREFIX}*"),
            allow(
                "s3:PutObject",
                [
                    f"{arns.models}/{MANIFEST_PREFIX}*",
                    f"{arns.models}/{VERIFIED_PREFIX}*",
                    f"{arns.models}/{REFUSAL_PREFIX}*",
                ],
            ),
            *converging,
        ],
        "endpointChanged": converging,
    }
