"""Checks that only a person can make: what they need happens rarely, or destroys something."""

from infrastructure.verify.check import Check

CHECKS = (
    Check(
        "express",
        "An EXPRESS execution continues after its caller disconnects: "
        "GET /predictions/{clientId} has its decision",
        "AWS does not document this",
        "curl --max-time 1 -X POST https://API.execute-api.us-east-1.amazonaws.com/v1/predict -H "
        '"x-api-key: KEY" -H "Content-Type: application/json" -d @application.json',
    ),
    Check(
        "second-deployment",
        "A second deployment changes nothing: it says `nothing to change`",
        "the embedded cloud imitates change sets",
        "make deploy STAGE=dev",
    ),
    Check(
        "adoption",
        "A stage that was destroyed and is deployed again adopts its table, buckets and log groups "
        "with their content",
        "the embedded cloud imitates the import of resources",
        "make deploy STAGE=dev MODELS=no",
    ),
    Check(
        "canary",
        "A canary is rolled back when its alarm is raised, and the old version answers",
        "the embedded cloud imitates share, alarms and rollback",
        "aws sagemaker describe-endpoint --endpoint-name dev-appvengers-Tradicional",
    ),
    Check(
        "failed-endpoint",
        "A Failed endpoint is deleted and created again, once its cause is corrected",
        "moto deletes at once, AWS takes a while",
        "make deploy STAGE=dev",
    ),
    Check(
        "broken-endpoint",
        "An endpoint in `UpdateRollbackFailed` or `OutOfService` can be updated",
        "the embedded cloud never reaches these states",
        "make rollback STAGE=dev MODEL=Tradicional",
    ),
    Check(
        "key",
        "How long API Gateway takes to accept a new key; the smoke test waits 2 minutes",
        "moto accepts it at once",
        "make key STAGE=dev ROTATE=yes",
    ),
    Check(
        "people",
        "A person signs in, is let in with the ID token, and gets 401 as a problem an hour later; "
        "an access token, and a token of another app client, get 401",
        "the embedded user pool, sign-in and authorizer are our own code",
        "make token STAGE=dev",
    ),
    Check(
        "console",
        "A person signs in to the console in a browser, goes on after an hour, signs out, and "
        "sends a batch's file; the browser's console reports no violation of the policy",
        "the token endpoint's and the bucket's answers to a browser are our own code and moto's",
        "make deploy STAGE=dev",
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
        "moto stores the dashboard and does not draw it",
        "aws cloudwatch get-dashboard --dashboard-name dev-appvengers",
    ),
    Check(
        "leftovers",
        "Nothing is left after a teardown",
        "moto was empty afterwards, but AWS has more services",
        "aws resourcegroupstaggingapi get-resources --tag-filters Key=project,Values=appvengers",
    ),
)
