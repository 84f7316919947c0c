"""Checks that only a person can make: what they need happens rarely, or destroys something."""

from infrastructure.verify.check import Check

CHECKS = (
    Check(
        "express",
        "An Express execution goes on when its caller hangs up: GET /predictions/{clientId} has it",
        "AWS's documentation does not say",
        "curl --max-time 1 -X POST https://API.execute-api.us-east-1.amazonaws.com/v1/predict -H "
        '"x-api-key: KEY" -H "Content-Type: application/json" -d @application.json',
    ),
    Check(
        "second-deployment",
        "A second deployment changes nothing: it says `nothing to change`",
        "CloudFormation's change sets are imitated",
        "make deploy STAGE=dev",
    ),
    Check(
        "adoption",
        "A stage that was destroyed takes its table, buckets and log groups over, unemptied",
        "the embedded cloud does no import of its own",
        "make deploy STAGE=dev MODELS=no",
    ),
    Check(
        "canary",
        "A canary goes back when its alarm rings, and the old version still answers",
        "share, alarms and the way back are imitated",
        "aws sagemaker describe-endpoint --endpoint-name dev-appvengers-Tradicional",
    ),
    Check(
        "failed-endpoint",
        "A Failed endpoint is deleted and made anew, once what failed is mended",
        "moto deletes at once, AWS in a while",
        "make deploy STAGE=dev",
    ),
    Check(
        "broken-endpoint",
        "An endpoint in `UpdateRollbackFailed` or `OutOfService` takes an update, if it ever is",
        "nothing here ends like that",
        "make rollback STAGE=dev MODEL=Tradicional",
    ),
    Check(
        "key",
        "How long a new API key is unknown somewhere; the smoke prediction waits 2 minutes",
        "moto knows it at once",
        "make key STAGE=dev ROTATE=yes",
    ),
    Check(
        "fill",
        "`FILL` over a metric that never had a point keeps its alarm quiet",
        "CloudWatch evaluates on AWS only",
        "aws cloudwatch describe-alarms --alarm-name-prefix dev-appvengers",
    ),
    Check(
        "dashboard",
        "The dashboard's searches find their metrics",
        "bodies are stored, not drawn",
        "aws cloudwatch get-dashboard --dashboard-name dev-appvengers",
    ),
    Check(
        "leftovers",
        "Nothing is left after a teardown",
        "moto was empty afterwards, AWS has more services",
        "aws resourcegroupstaggingapi get-resources --tag-filters Key=project,Values=appvengers",
    ),
)
