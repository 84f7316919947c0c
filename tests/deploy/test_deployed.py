"""What stands after `make deploy`, read back through boto3: section 3 of the design.

moto shows no REGIONAL endpoint of an imported API, and no limits of a stage: those are asserted on
Chalice's plan and on the requests (test_plan.py)."""

import html
import json
import re
from datetime import UTC, datetime
from urllib.parse import urljoin

import boto3
import pytest
import requests

import stepfunctions.machine_deployment
from bank.demo_users.demo_people import signed_in
from chalicelib.foundation.settings import Settings
from chalicelib.people.access import Scope
from infrastructure.deploy.steps import api_keys, chalice_deploy, user_pool
from infrastructure.first_models.first_model_steps import scheduled_event
from infrastructure.operate.sign_in_flow import Flow
from infrastructure.project import ROOT, functions_of
from infrastructure.template import stack_template
from infrastructure.template.function_permissions.function_names import ASYNCHRONOUS

DEV = Settings("appvengers", "dev", "us-east-1")
ACCOUNT = "123456789012"
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")
DESIGNED = {*MODELS, "saveResult", "createEndpointModel"}  # what a deployment itself makes run
OWN = tuple(functions_of("dev"))
NAMES = ("appvengers-dev", *(f"appvengers-dev-{name}" for name in OWN))
TABLE = "dev-appvengers-PrediccionesCredito"
OPEN = ("/health", "/openapi.json", "/docs", "/docs/{name}", "/", "/console/{name}")
# Files of applications, which end by themselves; in days, a version that was overwritten.
ENDING = {"credit/batch/": 7, "credit/uploads/": 1}
BUCKETS = ("dev-appvengers-createendpointmodel", "dev-appvengers-data")
TAGS = {"project": "appvengers", "stage": "dev"}


def rest_api():
    (found,) = chalice_deploy.apis(boto3.client("apigateway"), DEV)
    return found


def methods():
    """{(path, method): what API Gateway knows of it}"""
    pages = boto3.client("apigateway").get_resources(restApiId=rest_api(), embed=["methods"])
    return {
        (resource["path"], name): boto3.client("apigateway").get_method(
            restApiId=rest_api(), resourceId=resource["id"], httpMethod=name
        )
        for resource in pages["items"]
        for name in resource.get("resourceMethods", {})
    }


def test_after_five_deaths_a_prediction_goes_through_all_that_was_uploaded(deployed):
    assert "models that spoke: Tradicional, NetworkingAccelerator, AppVengersAccelerator" in (
        deployed.said
    )
    event = json.dumps(scheduled_event(datetime.now(UTC)))
    answer = boto3.client("lambda").invoke(FunctionName="appvengers-dev-updateData", Payload=event)
    assert json.load(answer["Payload"]) == {"done": "nothing new"}
    started = {path.stem for path in deployed.cloud._work.glob("*.log")}
    spoke = DESIGNED - {"updateData"}  # which its schedule starts
    assert {"appvengers-dev", *(f"appvengers-dev-{name}" for name in spoke)} <= started
    assert started <= set(NAMES)


def test_it_ends_with_a_request_that_the_models_decide(deployed):
    assert re.search(r"^ +(APPROVE|DECLINE): score .* by SCORE;", deployed.said, re.MULTILINE)
    assert '"lender": "Example"' not in deployed.said  # which no model has seen


def test_the_functions_are_these_and_no_others(deployed):
    found = boto3.client("lambda").list_functions()["Functions"]

    assert {function["FunctionName"] for function in found} == set(NAMES)
    assert set(OWN) >= DESIGNED


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_configured_as_declared(deployed, name):
    found = boto3.client("lambda").get_function(FunctionName=name)
    function = found["Configuration"]
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    own = name.removeprefix("appvengers-dev").lstrip("-") or "api_handler"
    stage = config["stages"]["dev"]
    own_config = config | stage["lambda_functions"].get(own, {})
    environ = config["environment_variables"] | stage["environment_variables"]

    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"]["Mode"] == "Active"
    assert function["MemorySize"] == own_config["lambda_memory_size"]
    assert function["Timeout"] == own_config["lambda_timeout"]
    assert function["Role"] == f"arn:aws:iam::{ACCOUNT}:role/appvengers-dev-{own}"
    assert function["Environment"]["Variables"] == environ
    assert {"APP_NAME": "appvengers", "STAGE": "dev"}.items() <= environ.items()
    assert TAGS.items() <= found["Tags"].items()


@pytest.mark.parametrize("name", ["api_handler", *OWN])
def test_a_role_holds_its_own_policy_file_and_nothing_else(deployed, name):
    iam, role = boto3.client("iam"), f"appvengers-dev-{name}"
    file = "policy-dev.json" if name == "api_handler" else f"policy-dev-{name}.json"

    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == [role]
    policy = iam.get_role_policy(RoleName=role, PolicyName=role)["PolicyDocument"]
    assert policy == json.loads((ROOT / ".chalice" / file).read_text())
    trusted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trusted] == [{"Service": "lambda.amazonaws.com"}]


@pytest.mark.parametrize("name", NAMES)
def test_a_functions_logs_are_kept_90_days(deployed, name):
    (group,) = [
        group
        for group in boto3.client("logs").describe_log_groups()["logGroups"]
        if group["logGroupName"] == f"/aws/lambda/{name}"
    ]

    assert group["retentionInDays"] == 90


@pytest.mark.parametrize(
    ("name", "times", "state"),
    [
        ("updateData", "cron(0 3 ? * SUN *)", "ENABLED"),
        ("watchDrift", "cron(0 5 ? * SUN *)", "ENABLED"),
        ("watchTraining", "cron(0 4 * * ? *)", "ENABLED"),
        ("keepWarm", "rate(5 minutes)", "DISABLED"),  # dev's keep_warm is 0
        ("anchorEvidence", "cron(0 2 * * ? *)", "ENABLED"),
        ("watchReviews", "rate(1 hour)", "ENABLED"),
    ],
)
def test_these_functions_run_at_their_times(deployed, name, times, state):
    events = boto3.client("events")
    rules = {r["Name"]: r for r in events.list_rules()["Rules"] if "ScheduleExpression" in r}
    rule = rules[f"appvengers-dev-{name}-event"]
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]

    assert len(rules) == 6
    assert (rule["ScheduleExpression"], rule["State"]) == (times, state)
    assert target["Arn"].endswith(f":function:appvengers-dev-{name}")


@pytest.mark.parametrize(
    ("name", "principal", "source"),
    [
        ("appvengers-dev", "apigateway.amazonaws.com", ":execute-api:"),
        ("appvengers-dev-updateData", "events.amazonaws.com", ":rule/appvengers-dev-updateData-"),
        ("appvengers-dev-createEndpointModel", "s3.amazonaws.com", f":::{BUCKETS[0]}"),
    ],
)
def test_only_its_own_source_may_invoke_a_function(deployed, name, principal, source):
    policy = json.loads(boto3.client("lambda").get_policy(FunctionName=name)["Policy"])
    (statement,) = policy["Statement"]

    assert statement["Principal"] == {"Service": principal}
    assert source in json.dumps(statement["Condition"])


@pytest.mark.parametrize(
    ("bucket", "triggers"),
    [
        (
            BUCKETS[0],
            {
                ("createEndpointModel", "appvengers/", ""),
                ("publishEvents", "manifests/", ".json"),
                ("publishEvents", "endings/", ""),
            },
        ),
        (
            BUCKETS[1],
            {
                ("publishEvents", "policies/acts/", ".json"),
                ("publishEvents", "credit/reports/", "/report.json"),
                ("publishEvents", "credit/batch/", "/summary.json"),
            },
        ),
    ],
)
def test_artifacts_and_what_is_told_are_all_that_triggers(deployed, bucket, triggers):
    configured = boto3.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    found = set()
    for one in configured["LambdaFunctionConfigurations"]:
        rules = {
            each["Name"].lower(): each["Value"] for each in one["Filter"]["Key"]["FilterRules"]
        }
        function = one["LambdaFunctionArn"].rpartition("appvengers-dev-")[2]
        found.add((function, rules["prefix"], rules.get("suffix", "")))
        assert one["Events"] == ["s3:ObjectCreated:*"]

    assert found == triggers


@pytest.mark.parametrize(
    ("name", "source", "wanted"),
    [
        (
            "publishEvents",
            f":table/{TABLE}/stream/",
            {"BisectBatchOnFunctionError": True, "MaximumBatchingWindowInSeconds": 1},
        ),
        ("deliverEvents", ":dev-appvengers-webhooks", {"BatchSize": 1}),
    ],
)
def test_a_function_reads_its_source_once_after_five_deaths(deployed, name, source, wanted):
    listed = boto3.client("lambda").list_event_source_mappings(
        FunctionName=f"appvengers-dev-{name}"
    )
    (mapping,) = listed["EventSourceMappings"]

    assert source in mapping["EventSourceArn"]
    assert mapping["State"] == "Enabled"
    assert wanted.items() <= mapping.items()
    assert mapping.get("FunctionResponseTypes", []) == (
        ["ReportBatchItemFailures"] if name == "deliverEvents" else []
    )


def test_every_route_but_the_open_ones_needs_a_key_or_a_persons_token(deployed):
    (authorizer,) = boto3.client("apigateway").get_authorizers(restApiId=rest_api())["items"]
    pool = user_pool.of_stage(boto3.client("cloudformation"), DEV)
    found = methods()

    assert len(found) >= 20
    for (path, name), one in found.items():
        is_open, is_peoples = name == "OPTIONS" or path in OPEN, path.startswith("/people")
        assert one["apiKeyRequired"] == (not is_open and not is_peoples), (path, name)
        assert (one.get("authorizerId") == authorizer["id"]) == (not is_open and is_peoples)
    assert authorizer["type"] == "COGNITO_USER_POOLS"
    assert authorizer["providerARNs"] == [pool.arn(ACCOUNT)]
    assert authorizer["identityValidationExpression"] == f"^{pool.client_id}$"


def test_the_viewers_page_and_its_files_are_where_the_stage_is(deployed):
    page = f"http://127.0.0.1:{deployed.operator.port}/restapis/{rest_api()}/v1/_user_request_/docs"
    named = re.findall(r'(?:src|href)="(docs/[^"]+)"', requests.get(page, timeout=60).text)
    files = [requests.get(urljoin(page, name), timeout=60) for name in named]

    assert [one.status_code for one in files] == [200, 200, 200]
    assert "SwaggerUIBundle" in files[1].text
    assert requests.get(urljoin(page, "openapi.json"), timeout=60).json()["openapi"] == "3.1.0"


def test_the_console_is_where_the_stage_is_and_the_pool_leads_back_to_it(deployed):
    place = f"http://127.0.0.1:{deployed.operator.port}/restapis/{rest_api()}/v1/_user_request_/"
    page = requests.get(place, timeout=60)
    named = re.findall(r'(?:src|href)="(console/[^"]+)"', page.text)
    files = [requests.get(urljoin(place, name), timeout=60) for name in named]
    pool = user_pool.of_stage(boto3.client("cloudformation"), DEV)
    client = boto3.client("cognito-idp").describe_user_pool_client(
        UserPoolId=pool.id, ClientId=pool.client_id
    )["UserPoolClient"]

    assert [one.status_code for one in files] == [200, 200, 200]
    assert client["CallbackURLs"] == ["http://localhost:8765/signed-in", place]
    assert client["LogoutURLs"] == [place]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert html.escape(f'"address":"{place}"') in page.text
    assert f"cognito/{pool.domain}" in page.text


def test_a_person_signs_in_to_the_deployed_stage_and_reads(deployed):
    pool = user_pool.of_stage(boto3.client("cloudformation"), DEV)
    cognito, person = boto3.client("cognito-idp"), {"UserPoolId": pool.id, "Username": "eva"}
    password = "Of-this-test-12!"  # noqa: S105
    cognito.admin_create_user(**person, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**person, Password=password, Permanent=True)
    cognito.admin_add_user_to_group(**person, GroupName="risk")
    aws = f"http://127.0.0.1:{deployed.operator.port}"
    token = signed_in(Flow(f"{aws}/cognito/{pool.domain}", pool.client_id), "eva", password)
    url = f"{aws}/restapis/{rest_api()}/v1/_user_request_/people"

    def get(path, **headers):
        return requests.get(f"{url}{path}", headers=headers, timeout=60)

    assert get("/models", Authorization=f"Bearer {token}").json()["models"].keys() == {*MODELS}
    assert get("/ready", Authorization=f"Bearer {token}").status_code == 403
    refused = get("/models", Authorization=f"Bearer {token[:-8]}AAAAAAAA")
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:problem:unauthorized")
    assert get("/models", Authorization=token).status_code == 200


def test_every_route_is_answered_by_the_api_function_and_browsers_may_ask(deployed):
    known = methods()
    for (path, name), found in known.items():
        integration = found["methodIntegration"]
        assert integration["type"].upper() == "AWS_PROXY"
        assert ":function:appvengers-dev/" in integration["uri"]
        if name == "OPTIONS":  # a browser sends neither a key nor a token with it
            assert not found["apiKeyRequired"]
            assert found.get("authorizationType", "NONE") == "NONE"
        else:
            assert (path, "OPTIONS") in known


def test_a_key_for_each_scope_is_in_a_plan_with_limits_for_this_api(deployed):
    gateway = boto3.client("apigateway")
    keys = api_keys.keys(gateway, DEV)
    (plan,) = gateway.get_usage_plans()["items"]

    assert {key.scope for key in keys} == {*Scope}
    assert len(keys) == len(Scope)  # after five deaths
    for key in keys:
        assert len(key.value) >= 20
        assert key.value not in deployed.said
    assert plan["name"] == "dev-appvengers"
    assert plan["apiStages"] == [{"apiId": rest_api(), "stage": "v1"}]
    assert plan["throttle"] == {"rateLimit": 10, "burstLimit": 20}
    in_plan = gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert {one["id"] for one in in_plan} == {key.id for key in keys}


def test_large_answers_are_compressed_as_the_configuration_says(deployed):
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    api = boto3.client("apigateway").get_rest_api(restApiId=rest_api())
    url = f"http://127.0.0.1:{deployed.operator.port}/restapis/{rest_api()}/v1/_user_request_"
    found = requests.get(f"{url}/openapi.json", headers={"Accept-Encoding": "gzip"}, timeout=60)
    small = requests.get(f"{url}/health", headers={"Accept-Encoding": "gzip"}, timeout=60)

    assert api["minimumCompressionSize"] == config["minimum_compression_size"] == 1024
    assert (found.status_code, found.headers["Content-Encoding"]) == (200, "gzip")
    assert found.json()["openapi"].startswith("3.1")
    assert (small.status_code, small.headers.get("Content-Encoding")) == (200, None)


def test_the_stage_is_traced_and_tagged(deployed):
    stage = boto3.client("apigateway").get_stage(restApiId=rest_api(), stageName="v1")

    assert stage["tracingEnabled"] is True
    assert stage["tags"] == TAGS


@pytest.mark.parametrize(("kind", "status"), [("INVALID_API_KEY", 403), ("REQUEST_TOO_LARGE", 413),
                                              ("THROTTLED", 429)])  # fmt: skip
def test_what_the_gateway_answers_itself_is_a_problem_too(deployed, kind, status):
    found = boto3.client("apigateway").get_gateway_response(restApiId=rest_api(), responseType=kind)
    body = json.loads(found["responseTemplates"]["application/json"])

    assert found["statusCode"] == str(status)
    assert {"type", "title", "status", "detail"} == body.keys()
    assert body["status"] == status
    given = found["responseParameters"]["gatewayresponse.header.Content-Type"]
    assert given == "'application/problem+json'"


@pytest.mark.parametrize(
    ("name", "kind"), [("analisisCredito", "EXPRESS"), ("reentrenamiento", "STANDARD")]
)
def test_a_machine_is_of_its_kind_traced_and_logs_errors_without_data(deployed, name, kind):
    client = boto3.client("stepfunctions")
    arn = DEV.analysis_machine_arn(ACCOUNT).replace("analisisCredito", name)
    machine = client.describe_state_machine(stateMachineArn=arn)

    assert machine["type"] == kind
    assert machine["tracingConfiguration"] == {"enabled": True}
    assert machine["loggingConfiguration"]["level"] == "ERROR"
    assert machine["loggingConfiguration"]["includeExecutionData"] is False
    assert machine["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/dev-appvengers-{name}"
    tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert {tag["key"]: tag["value"] for tag in tags} == TAGS


def test_the_table_is_keyed_paid_by_request_encrypted_and_recoverable(deployed):
    dynamodb = boto3.client("dynamodb")
    table = dynamodb.describe_table(TableName=TABLE)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]

    keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
    assert keys == [("clientId", "HASH"), ("predictionId", "RANGE")]
    assert {one["AttributeType"] for one in table["AttributeDefinitions"]} == {"S"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "ENABLED"
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert TAGS.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items()


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_encrypted_versioned_and_tagged(deployed, bucket):
    s3 = boto3.client("s3")

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(blocked, True)
    assert len(blocked) == 4
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert TAGS.items() <= tags.items()


def test_browsers_may_upload_to_the_model_bucket(deployed):
    (rule,) = boto3.client("s3").get_bucket_cors(Bucket=BUCKETS[0])["CORSRules"]

    assert "PUT" in rule["AllowedMethods"]


@pytest.mark.parametrize(
    ("bucket", "prefixes"),
    [
        (BUCKETS[0], ["appvengers/", "arrivals/", "endings/"]),
        (
            BUCKETS[1],
            [
                "credit/batch/",
                "credit/uploads/",
                "credit/profiles/",
                "credit/reports/",
                "deployment/",
                "training/",
            ],
        ),
    ],
)
def test_what_was_overwritten_goes_after_90_days_and_evidence_stays(deployed, bucket, prefixes):
    rules = boto3.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    expiring = [rule for rule in rules if "NoncurrentVersionExpiration" in rule]

    assert [rule["Filter"]["Prefix"] for rule in expiring] == prefixes
    for rule in expiring:
        days = ENDING.get(rule["Filter"]["Prefix"], 90)
        assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == days
    assert all(rule["Status"] == "Enabled" for rule in rules)
    ending = [rule["Filter"]["Prefix"] for rule in rules if "Expiration" in rule]
    assert ending == [prefix for prefix in prefixes if prefix in ENDING]


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_what_an_asynchronous_function_gives_up_goes_to_the_queue(deployed, name):
    found = boto3.client("lambda").get_function_event_invoke_config(
        FunctionName=f"appvengers-dev-{name}"
    )

    assert found["MaximumRetryAttempts"] == 2
    assert found["MaximumEventAgeInSeconds"] == 6 * 3600
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dev-appvengers-failures"
    assert found["DestinationConfig"]["OnFailure"]["Destination"] == queue


@pytest.mark.parametrize("name", ["failures", "webhooks", "undelivered"])
def test_a_queue_is_encrypted_keeps_14_days_and_is_tagged(deployed, name):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"dev-appvengers-{name}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert attributes["MessageRetentionPeriod"] == str(14 * 24 * 3600)
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert TAGS.items() <= sqs.list_queue_tags(QueueUrl=url)["Tags"].items()


@pytest.mark.parametrize(
    ("name", "source", "kind"),
    [
        ("endpointChanged", "aws.sagemaker", "SageMaker Endpoint State Change"),
        ("trainingChanged", "aws.sagemaker", "SageMaker Training Job State Change"),
        ("packageApproved", "aws.sagemaker", "SageMaker Model Package State Change"),
    ],
)
def test_a_function_hears_of_its_own_events_and_no_others(deployed, name, source, kind):
    events = boto3.client("events")
    rule = events.describe_rule(Name=f"appvengers-dev-{name}-event")
    pattern = json.loads(rule["EventPattern"])
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]

    assert rule["State"] == "ENABLED"
    assert (pattern["source"], pattern["detail-type"]) == ([source], [kind])
    assert "dev-appvengers" in json.dumps(pattern["detail"])  # not those of another app or stage
    assert target["Arn"].endswith(f":function:appvengers-dev-{name}")


def test_every_log_group_of_ours_is_kept_90_days(deployed):
    found = {
        group["logGroupName"]: group.get("retentionInDays")
        for group in boto3.client("logs").describe_log_groups()["logGroups"]
    }
    machines = ("analisisCredito", "reentrenamiento")
    expected = [
        *(f"/aws/lambda/{name}" for name in NAMES),
        *(f"/aws/vendedlogs/states/dev-appvengers-{name}" for name in machines),
        *(f"/aws/sagemaker/Endpoints/dev-appvengers-{name}" for name in MODELS),
    ]

    assert {name: found.get(name) for name in expected} == dict.fromkeys(expected, 90)


def test_the_topic_is_encrypted_with_a_key_that_alarms_may_use(deployed):
    topic = boto3.client("sns").get_topic_attributes(TopicArn=DEV.topic_arn(ACCOUNT))["Attributes"]
    kms = boto3.client("kms")
    policy = json.loads(
        kms.get_key_policy(KeyId=topic["KmsMasterKeyId"], PolicyName="default")["Policy"]
    )

    used_by = [statement["Principal"].get("Service") for statement in policy["Statement"]]
    assert "cloudwatch.amazonaws.com" in used_by
    assert kms.get_key_rotation_status(KeyId=topic["KmsMasterKeyId"])["KeyRotationEnabled"]


def test_the_machines_are_those_of_the_files_with_the_stages_own_functions(deployed):
    client = boto3.client("stepfunctions")
    found = {
        machine["name"]: client.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        for machine in client.list_state_machines()["stateMachines"]
    }

    assert {name: one["type"] for name, one in found.items()} == {
        "dev-appvengers-analisisCredito": "EXPRESS",
        "dev-appvengers-lotesCredito": "STANDARD",
        "dev-appvengers-reentrenamiento": "STANDARD",
    }
    for machine in stepfunctions.machine_deployment.MACHINES:
        described = found[f"dev-appvengers-{machine.name}"]
        wanted = stepfunctions.machine_deployment._configuration(machine, DEV, ACCOUNT)
        assert json.loads(described["definition"]) == json.loads(wanted["definition"])
        assert described["loggingConfiguration"]["includeExecutionData"] is False
        called = set(re.findall(r":function:([\w-]+)", described["definition"]))
        assert called == {f"appvengers-dev-{name}" for name in machine.functions}


def test_every_alarm_and_the_dashboard_of_the_template_stand_and_tell_the_topic(deployed):
    cloudwatch = boto3.client("cloudwatch")
    declared = stack_template.resources("appvengers", "dev").values()
    alarms = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    named = {
        one["Properties"]["AlarmName"]: one["Properties"]
        for one in declared
        if one["Type"] == "AWS::CloudWatch::Alarm"
    }

    assert len(named) >= 8
    assert alarms.keys() == named.keys()
    for name, alarm in alarms.items():
        assert name.startswith("dev-appvengers-")
        assert alarm["AlarmActions"] == alarm["OKActions"] == [DEV.topic_arn(ACCOUNT)]
        assert alarm["Threshold"] == float(named[name]["Threshold"])
    (dashboard,) = cloudwatch.list_dashboards()["DashboardEntries"]
    assert dashboard["DashboardName"] == "dev-appvengers"


def test_roles_rules_and_the_api_carry_the_tags(deployed):
    iam, events = boto3.client("iam"), boto3.client("events")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    rules = [rule["Arn"] for rule in events.list_rules()["Rules"]]

    assert len(roles) >= len(NAMES) + 5
    for role in roles:
        tags = iam.list_role_tags(RoleName=role)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS, role
    for rule in rules:
        if ":rule/appvengers-dev-" in rule:
            tags = events.list_tags_for_resource(ResourceARN=rule)["Tags"]
            assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS, rule
    assert boto3.client("apigateway").get_rest_api(restApiId=rest_api())["tags"] == TAGS


def test_the_topic_and_the_endpoints_have_their_names(deployed):
    (topic,) = boto3.client("sns").list_topics()["Topics"]
    endpoints = boto3.client("sagemaker").list_endpoints()["Endpoints"]

    assert topic["TopicArn"] == DEV.topic_arn(ACCOUNT)
    assert {endpoint["EndpointName"] for endpoint in endpoints} == {
        f"dev-appvengers-{name}" for name in MODELS
    }
