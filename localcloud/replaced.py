"""THE list: every symbol of moto that works differently here, and why, a module a service."""

from localcloud.cloud import Cloud
from localcloud.iam import replaced as iam_
from localcloud.ports import replaced as ports_
from localcloud.ports.quick_calls import Quick, quick_calls
from localcloud.seam import Replaced
from localcloud.services import sns
from localcloud.services.apigateway import replaced as apigateway_
from localcloud.services.cloudformation import ignored_properties, stack_failures
from localcloud.services.cognito import replaced as cognito_
from localcloud.services.event_sources import replaced as event_sources_
from localcloud.services.eventbridge import events
from localcloud.services.eventbridge.quick_events import quick_events
from localcloud.services.lambda_ import replaced as lambda_
from localcloud.services.sagemaker import replaced as sagemaker_
from localcloud.services.sagemaker.quick_invocations import quick_invocations
from localcloud.services.sagemaker_jobs import replaced as sagemaker_jobs_
from localcloud.services.servicequotas import replaced as servicequotas_
from localcloud.services.stepfunctions import expressions
from localcloud.services.stepfunctions import replaced as stepfunctions_
from localcloud.services.stepfunctions.quick_executions import quick_executions
from localcloud.services.storage import replaced as storage_
from localcloud.services.storage.quick_puts import QuickPuts
from localcloud.strictness import replaced as strictness_


def the_list(cloud: Cloud) -> list[Replaced]:
    """Return the symbols in the order in which they are replaced: a service's own come after those
    that all services inherit.
    """
    return [
        *strictness_.replaced(),
        *lambda_.replaced(cloud.functions, cloud.quotas),
        *ports_.replaced(cloud.aws_address, cloud.authorization),
        *stepfunctions_.replaced(
            cloud.activity, cloud.authorization, cloud.kept, cloud.functions, cloud.express
        ),
        *event_sources_.replaced(cloud.event_sources.queues, cloud.event_sources.queue_readers),
        *storage_.replaced(cloud.kept, cloud.object_events, cloud.bodies, cloud.disk),
        *sagemaker_jobs_.replaced(
            cloud.training_jobs, cloud.processing_jobs, cloud.transform_jobs, cloud.quotas
        ),
        *sagemaker_.replaced(cloud.endpoints, cloud.authorization, cloud.events, cloud.quotas),
        *servicequotas_.replaced(cloud.quotas),
        *apigateway_.replaced(),
        *cognito_.replaced(cloud.kept),
        *iam_.replaced(cloud.authorization),
        _quick_calls(cloud),
        *_deliveries(cloud),
        *_templates(),
        Replaced(
            "moto.core.responses",
            "method_names_from_class",
            "(clazz)",
            expressions.remember(256),
            "all members of a class are listed at every request",
        ),
    ]


def _quick_calls(cloud: Cloud) -> Replaced:
    quick: dict[tuple[str, str], Quick] = {
        ("events", "PutEvents"): quick_events(cloud.authorization),
        ("dynamodb", "PutItem"): QuickPuts(cloud.kept, cloud.authorization).put,
        ("sagemaker-runtime", "InvokeEndpoint"): quick_invocations(
            cloud.endpoints, cloud.authorization
        ),
        ("stepfunctions", "StartSyncExecution"): quick_executions(cloud.authorization),
    }
    return Replaced(
        "botocore.client:BaseClient",
        "_make_api_call",
        "(self, operation_name, api_params)",
        quick_calls(cloud.authorization, quick),
        "a decision's requests take twice as long on the way as at their end",
    )


def _deliveries(cloud: Cloud) -> list[Replaced]:
    return [
        Replaced(
            "moto.events.models:EventsBackend",
            "put_rule",
            "(self, name, description, event_bus_arn, event_pattern, role_arn, "
            "scheduled_expression, state, managed_by, tags)",
            events.put_rule(cloud.quotas),
            "there is a quota of rules",
        ),
        Replaced(
            "moto.events.responses:EventsHandler",
            "put_events",
            "(self)",
            events.put_events,
            "an account's own events name no service of AWS as their source",
        ),
        Replaced(
            "moto.events.models:Rule",
            "send_to_targets",
            "(self, original_event, transform_input)",
            events.to_functions_and_topics(cloud.functions),
            "Lambda and SNS targets are not implemented",
        ),
        Replaced(
            "moto.sns.models:Topic",
            "publish",
            "(self, message, subject, message_attributes, group_id, deduplication_id, "
            "message_structure)",
            sns.recorded_in(cloud.notices),
            "a person must be able to read what was published",
        ),
    ]


def _templates() -> list[Replaced]:
    return [
        Replaced(
            "moto.s3.models:FakeBucket",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            ignored_properties.whole_bucket,
            "versioning, CORS and the public access block of a template are left out",
        ),
        Replaced(
            "moto.dynamodb.models.table:Table",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            ignored_properties.whole_table,
            "point-in-time recovery is left out",
        ),
        Replaced(
            "moto.cloudformation.parsing",
            "parse_resource",
            "(resource_json, resources_map)",
            ignored_properties.without_resource_policies,
            "policies of buckets and topics are not evaluated here; what may be imported is marked",
        ),
        *(
            Replaced(
                "moto.cloudformation.parsing",
                f"parse_and_{action.lower()}_resource",
                "(logical_id, resource_json, resources_map, account_id, region_name)",
                stack_failures.with_events(action),
                "a stack's events do not say which resource failed, nor why",
            )
            for action in ("CREATE", "UPDATE")
        ),
        *(
            Replaced(
                "moto.cloudformation.responses:CloudFormationResponse",
                attribute,
                "(self)",
                replacement,
                "a stack that fails stays in progress",
            )
            for attribute, replacement in (
                ("create_stack", stack_failures.rolled_back_creation),
                ("execute_change_set", stack_failures.rolled_back_change_set),
                ("update_stack", stack_failures.rolled_back_update),
            )
        ),
        Replaced(
            "moto.logs.models:LogGroup",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            ignored_properties.kept_log_group,
            "a change set imports the groups that are there",
        ),
        Replaced(
            "moto.ssm.models:Parameter",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            ignored_properties.kept_parameter,
            "a change set imports the parameters that are there",
        ),
        Replaced(
            "moto.kms.models:Key",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            ignored_properties.whole_key,
            "a template's tags are a KeyError, and its policy no text",
        ),
    ]
