"""THE list: everything of moto that works differently here, and why. moto is pinned to
`MOTO_VERSION`; tests/contract/test_replaced.py fails when one of these symbols moves."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud import cloudformation, events, notices, quota_requests
from localcloud.apigateway import api_gateway
from localcloud.iam import authorization
from localcloud.lambda_ import concurrency, functions
from localcloud.ports import read_timeouts
from localcloud.sagemaker import endpoint_requests, package_requests
from localcloud.sagemaker_jobs import processing_requests, training_requests, transform_requests
from localcloud.stepfunctions import executions, expressions, job_task
from localcloud.storage import object_writes, table_reads, write_through
from localcloud.strictness import before_dispatch

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

MOTO_VERSION = "5.2.5"

_ASL = "moto.stepfunctions.parser.asl"
_TASK = f"{_ASL}.component.state.exec.state_task"
_UNSUPPORTED = f"{_TASK}.service.state_task_service_unsupported:StateTaskServiceUnsupported"
_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"
_RUNTIME = "moto.sagemakerruntime.responses:SageMakerRuntimeResponse"
_AUTHENTICATOR = "moto.core.authorization:ActionAuthenticatorMixin"
_SYNC_STATES = r"https?://sync-states\.(.+)\.amazonaws.com"

ABSENT = "moto has no such symbol"


@dataclass(frozen=True)
class Replaced:
    owner: str  # module, or module:Class
    attribute: str
    as_moto_has_it: str  # its parameters; for what is no function, the name of its type
    replacement: Callable[[Any], Any]  # from moto's own (None if absent) to what takes its place
    why: str

    @property
    def holder(self) -> Any:
        module, _, name = self.owner.partition(":")
        holder = importlib.import_module(module)
        return getattr(holder, name) if name else holder

    @property
    def current(self) -> Any:
        return getattr(self.holder, self.attribute, None)


def the_list(cloud: "Cloud") -> list[Replaced]:
    return [
        Replaced(
            "moto.core.responses:BaseResponse",
            "setup_class",
            "(self, request, full_url, headers, use_raw_body)",
            before_dispatch.before_dispatch,
            "moto takes what AWS refuses: names, lengths, patterns, sizes",
        ),
        Replaced(
            "moto.awslambda.models:LambdaFunction",
            "invoke",
            "(self, body, request_headers, response_headers)",
            functions.in_this_process(cloud.functions),
            "moto runs functions in Docker, and those of events inside the caller's request",
        ),
        Replaced(
            "botocore.endpoint:Endpoint",
            "_do_get_response",
            "(self, request, operation_model, context)",
            read_timeouts.honoured,
            "moto answers in the caller's thread, and no read time-out of a client ends its wait",
        ),
        Replaced(
            "moto.stepfunctions.responses:StepFunctionResponse",
            "start_sync_execution",
            ABSENT,
            executions.start_sync_execution(cloud.authorization),
            "StartSyncExecution is missing, though the interpreter can do it",
        ),
        Replaced(
            "moto.stepfunctions.responses:StepFunctionResponse",
            "start_execution",
            "(self)",
            write_through.start_execution(cloud.kept),
            "nothing is started that can't be kept",
        ),
        Replaced(
            "moto.backend_index",
            "backend_url_patterns",
            "list",
            lambda patterns: [("stepfunctions", re.compile(_SYNC_STATES)), *patterns],
            "boto3 sends StartSyncExecution to sync-states.…",
        ),
        Replaced(
            "moto.stepfunctions.urls",
            "url_bases",
            "list",
            lambda bases: [*bases, _SYNC_STATES],
            "the same, for the service's own routes",
        ),
        Replaced(
            "moto.stepfunctions.parser.backend.execution_worker:ExecutionWorker",
            "start",
            "(self)",
            executions.started_and_counted(cloud.activity, cloud.authorization, cloud.kept),
            "asynchronous executions are waited for by Cloud.idle, and are kept on disk",
        ),
        Replaced(
            f"{_ASL}.component.program.program:Program",
            "eval",
            "(self, env)",
            executions.without_a_thread,
            "each branch of a Parallel starts a thread in which it starts a thread",
        ),
        Replaced(
            f"{_ASL}.component.state.exec.state_parallel.branch_worker:BranchWorker",
            "start",
            "(self)",
            executions.branch_without_a_name,
            "0.2 ms a branch for the thread's name",
        ),
        *(
            Replaced(
                f"{_ASL}.{module}",
                "copy",
                "module",
                expressions.copy_of_json,
                "a third of the time",
            )
            for module in (
                "eval.states",
                "component.common.string.string_expression",
                "component.common.path.result_path",
                "component.state.exec.execute_state",
            )
        ),
        Replaced(
            f"{_ASL}.utils.boto_client",
            "boto3",
            "module",
            executions.boto3_with_one_client_a_service,
            "a new client for every task of every execution costs 10 ms each",
        ),
        Replaced(
            f"{_ASL}.parse.asl_parser:AmazonStateLanguageParser",
            "parse",
            "(definition)",
            expressions.remember(64),
            "the definition is parsed at every execution; the program keeps no state",
        ),
        Replaced(
            f"{_ASL}.utils.json_path",
            "parse",
            "(path, debug)",
            expressions.parse_once,
            "slow, and $.a[0].b gives [1] for 1",
        ),
        Replaced(
            f"{_ASL}.component.common.path.result_path",
            "parse",
            "(string)",
            expressions.remember(1024),
            "slow",
        ),
        Replaced(
            f"{_ASL}.jsonata.jsonata",
            "_eval_jsonata",
            "NoneType",
            expressions.jsonata_in_python,
            "the JVM that should evaluate JSONata is not there",
        ),
        *(
            Replaced(
                f"{_ASL}.eval.{module}",
                "encode_jsonata_variable_declarations",
                "(bindings)",
                expressions.jsonata_declarations,
                "quotes and newlines in strings break the expression",
            )
            for module in ("states", "variable_store")
        ),
        Replaced(
            f"{_TASK}.lambda_eval_utils",
            "_invoke_lambda_function",
            "(parameters, region, state_credentials)",
            executions.through_the_function_seam(cloud.functions, cloud.authorization),
            "a round trip through boto3 and moto for a call within the process",
        ),
        Replaced(
            _UNSUPPORTED.partition(":")[0],
            "_SUPPORTED_INTEGRATION_PATTERNS",
            "set",
            job_task.with_sync,
            "sagemaker:createTrainingJob.sync and createProcessingJob.sync are missing",
        ),
        Replaced(
            _UNSUPPORTED,
            "_log_unsupported_warning",
            "(self)",
            job_task.silent_on_sagemaker,
            "a warning at every training and processing job",
        ),
        Replaced(
            _UNSUPPORTED,
            "_build_sync_resolver",
            "(self, env, resource_runtime_part, normalised_parameters, state_credentials)",
            job_task.job_resolver(cloud.authorization),
            "sagemaker:createTrainingJob.sync and createProcessingJob.sync are missing",
        ),
        Replaced(
            _UNSUPPORTED,
            "_from_error",
            "(self, env, ex)",
            job_task.errors_of_the_service,
            "a refused CreateTrainingJob is SageMaker.<code>, not a runtime error",
        ),
        Replaced(
            f"{_TASK}.service.state_task_service_sns:StateTaskServiceSns",
            "_from_error",
            "(self, env, ex)",
            job_task.error_without_a_request_id,
            "a refusal has none, and that is a KeyError",
        ),
        Replaced(
            f"{_ASL}.component.common.error_name.custom_error_name:CustomErrorName",
            "__init__",
            "(self, error_name)",
            executions.error_of_any_name,
            "a States.… error that leaves a Map, or that a Fail tells, is another error",
        ),
        Replaced(
            _SAGEMAKER,
            "create_training_job",
            "(self)",
            training_requests.create_training_job(cloud.training_jobs, cloud.quotas),
            "moto's jobs are Completed at once, with made up metrics and no artifact",
        ),
        Replaced(
            _SAGEMAKER,
            "stop_training_job",
            ABSENT,
            training_requests.stop_training_job(cloud.training_jobs),
            "missing",
        ),
        Replaced(
            _SAGEMAKER,
            "create_processing_job",
            "(self)",
            processing_requests.create_processing_job(cloud.processing_jobs, cloud.quotas),
            "moto's jobs are Completed at once and run nothing",
        ),
        Replaced(
            _SAGEMAKER,
            "stop_processing_job",
            "(self)",
            processing_requests.stop_processing_job(cloud.processing_jobs),
            "there is a process to stop",
        ),
        Replaced(
            _SAGEMAKER,
            "create_model_package",
            "(self)",
            package_requests.create_model_package,
            "the same ClientToken again is the same package",
        ),
        Replaced(
            _SAGEMAKER,
            "update_model_package",
            "(self)",
            package_requests.update_model_package(cloud.events),
            "EventBridge is told of an approval; what a request leaves out stays",
        ),
        Replaced(
            _SAGEMAKER,
            "create_transform_job",
            "(self)",
            transform_requests.create_transform_job(cloud.transform_jobs, cloud.quotas),
            "moto's jobs are Completed at once and run nothing",
        ),
        Replaced(
            _SAGEMAKER,
            "stop_transform_job",
            ABSENT,
            transform_requests.stop_transform_job(cloud.transform_jobs),
            "missing",
        ),
        Replaced(
            _SAGEMAKER,
            "create_model",
            "(self)",
            endpoint_requests.create_model(cloud.authorization),
            "its role must reach the artifact, and the name be new",
        ),
        Replaced(
            _SAGEMAKER,
            "create_endpoint_config",
            "(self)",
            endpoint_requests.create_endpoint_config,
            "the name must be new",
        ),
        Replaced(
            _SAGEMAKER,
            "create_endpoint",
            "(self)",
            endpoint_requests.create_endpoint(cloud.endpoints, cloud.quotas),
            "moto's endpoints load nothing",
        ),
        Replaced(
            _SAGEMAKER,
            "update_endpoint",
            ABSENT,
            endpoint_requests.update_endpoint(cloud.endpoints, cloud.quotas),
            "missing",
        ),
        Replaced(
            _SAGEMAKER,
            "delete_endpoint",
            "(self)",
            endpoint_requests.delete_endpoint(cloud.endpoints),
            "the worker is stopped",
        ),
        Replaced(
            _RUNTIME,
            "invoke_endpoint",
            "(self)",
            endpoint_requests.invoke_endpoint(cloud.endpoints),
            "moto answers the word `body`",
        ),
        Replaced(
            _RUNTIME,
            "use_raw_body",
            "bool",
            lambda _: True,
            "a request to a model may be binary, and is no query string",
        ),
        *(
            Replaced(
                "moto.servicequotas.responses:ServiceQuotasResponse",
                attribute,
                as_moto_has_it,
                replacement(cloud.quotas),
                "moto has the defaults of one service, and nothing is limited by them",
            )
            for attribute, as_moto_has_it, replacement in (
                ("list_service_quotas", ABSENT, quota_requests.list_service_quotas),
                ("get_service_quota", "(self)", quota_requests.get_service_quota),
                ("list_aws_default_service_quotas", "(self)", quota_requests.list_defaults),
                ("get_aws_default_service_quota", ABSENT, quota_requests.get_default),
                ("request_service_quota_increase", ABSENT, quota_requests.request_increase),
            )
        ),
        Replaced(
            "moto.awslambda.responses:LambdaResponse",
            "get_account_settings",
            ABSENT,
            quota_requests.account_settings(cloud.quotas),
            "moto has no limit of concurrent executions to read",
        ),
        Replaced(
            "moto.awslambda.urls",
            "url_paths",
            "dict",
            quota_requests.with_account_settings,
            "the same, for its address",
        ),
        Replaced(
            "moto.awslambda.models:LambdaBackend",
            "put_function_concurrency",
            "(self, function_name, reserved_concurrency)",
            concurrency.reserve(cloud.quotas),
            "moto reads the quota from a variable, and has none by default",
        ),
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
            notices.recorded_in(cloud.notices),
            "a person must be able to read what was published",
        ),
        Replaced(
            "moto.s3.models:FakeBucket",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            cloudformation.whole_bucket,
            "versioning, CORS and the public access block of a template are left out",
        ),
        Replaced(
            "moto.dynamodb.models.table:Table",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            cloudformation.whole_table,
            "point-in-time recovery is left out",
        ),
        Replaced(
            "moto.cloudformation.parsing",
            "parse_resource",
            "(resource_json, resources_map)",
            cloudformation.without_resource_policies,
            "policies of buckets and topics are not evaluated here; what may be imported is marked",
        ),
        Replaced(
            "moto.logs.models:LogGroup",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            cloudformation.kept_log_group,
            "a change set imports the groups that are there",
        ),
        Replaced(
            "moto.ssm.models:Parameter",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            cloudformation.kept_parameter,
            "a change set imports the parameters that are there",
        ),
        Replaced(
            "moto.apigateway.urls",
            "url_paths",
            "dict",
            api_gateway.with_tags_of_apis,
            "only stages have tags",
        ),
        Replaced(
            "moto.apigateway.responses:APIGatewayResponse",
            "get_tags",
            "(self)",
            api_gateway.tags_of_apis,
            "only stages have tags",
        ),
        Replaced(
            "moto.apigateway.responses:APIGatewayResponse",
            "tag_resource",
            "(self)",
            api_gateway.tagging_apis,
            "only stages have tags",
        ),
        Replaced(
            "moto.kms.models:Key",
            "create_from_cloudformation_json",
            "(resource_name, cloudformation_json, account_id, region_name, kwargs)",
            cloudformation.whole_key,
            "a template's tags are a KeyError, and its policy no text",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "_notification_config_from_body",
            "(self)",
            api_gateway.any_case,
            "Chalice writes Prefix with a capital letter",
        ),
        Replaced(
            "moto.apigateway.models:APIGatewayBackend",
            "put_rest_api",
            "(self, function_id, api_doc, fail_on_warnings, mode)",
            api_gateway.any_document,
            "Chalice writes Swagger 2.0; mock integrations and API keys are left out",
        ),
        Replaced(
            "moto.apigateway.models:APIGatewayBackend",
            "import_rest_api",
            "(self, api_doc, fail_on_warnings)",
            api_gateway.any_title,
            "Chalice's APIs have no description",
        ),
        Replaced(
            "moto.s3.notifications",
            "send_event",
            "(account_id, event_name, bucket, key)",
            cloud.object_events.held_back,
            "sent before the object has its metadata, and twice for a multipart upload",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "key_response",
            "(self, request, full_url, headers)",
            object_writes.s3_key(cloud.kept, cloud.object_events),
            "objects are kept on disk",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "bucket_response",
            "(self, request, full_url, headers)",
            object_writes.s3_bucket(cloud.kept, cloud.object_events),
            "objects are kept on disk",
        ),
        Replaced(
            "moto.s3.responses:S3Response",
            "backend",
            "property",
            write_through.staged_or_real,
            "a write changes a copy, until it is on disk",
        ),
        Replaced(
            "moto.core.responses:BaseResponse",
            "call_action",
            "(self)",
            write_through.answered_as_a_fault,
            "what can't be stored is answered in AWS's own words",
        ),
        Replaced(
            "moto.dynamodb.responses:DynamoHandler",
            "call_action",
            "(self)",
            write_through.dynamodb(cloud.kept),
            "items are kept on disk; a condition and its write are one step",
        ),
        Replaced(
            "moto.dynamodb.responses:DynamoHandler",
            "dynamodb_backend",
            "property",
            write_through.staged_or_real,
            "a write changes copies, until they are on disk",
        ),
        *(
            Replaced(
                "moto.dynamodb.models.table:Table",
                name,
                parameters,
                table_reads.while_nothing_is_published(cloud.kept.reading),
                "a list must not change while it is read",
            )
            for name, parameters in (
                ("all_items", "(self)"),
                ("has_idx_items", "(self, index_name)"),
                ("get_item", "(self, hash_key, range_key, projection_expression)"),
            )
        ),
        Replaced(
            "moto.dynamodb.models.table:Table",
            "query",
            "(self, hash_key, range_comparison, range_objs, limit, exclusive_start_key, "
            "scan_index_forward, projection_expressions, index_name, consistent_read, "
            "filter_expression, hash_key_conditions, range_key_conditions, filter_kwargs)",
            table_reads.of_one_hash_key(cloud.kept.reading, cloud.kept.index_lag),
            "every item of the table is looked at for those of one hash key",
        ),
        Replaced(
            "moto.dynamodb.models.dynamo_type:Item",
            "__new__",
            "(cls, args, kwargs)",
            table_reads.forgotten_when_unused,
            "every copy of an item, and each query makes some, is remembered for ever",
        ),
        Replaced(
            _SAGEMAKER,
            "call_action",
            "(self)",
            write_through.sagemaker(cloud.kept),
            "models, endpoints and jobs are kept on disk",
        ),
        Replaced(
            "moto.sns.responses:SNSResponse",
            "call_action",
            "(self)",
            write_through.sns(cloud.kept),
            "subscriptions are kept on disk",
        ),
        Replaced(
            "moto.ssm.responses:SimpleSystemManagerResponse",
            "call_action",
            "(self)",
            write_through.ssm(cloud.kept),
            "parameters are kept on disk, review-only among them",
        ),
        Replaced(
            _AUTHENTICATOR,
            "_authenticate_and_authorize_normal_action",
            "(self, resource)",
            authorization.enforced_on_requests(cloud.authorization),
            "moto knows no resource but *, and no condition",
        ),
        Replaced(
            _AUTHENTICATOR,
            "_authenticate_and_authorize_s3_action",
            "(self, bucket_name, key_name)",
            authorization.enforced_on_s3(cloud.authorization),
            "moto knows no condition, nor the source of a copy, nor what a missing key tells",
        ),
        Replaced(  # Python's, not moto's
            "concurrent.futures.thread:ThreadPoolExecutor",
            "submit",
            "(self, fn, args, kwargs)",
            authorization.task_in_the_callers_context,
            "the threads of boto3's transfers would act under no role",
        ),
        Replaced(
            "threading:Thread",
            "start",
            "(self)",
            authorization.thread_in_the_callers_context,
            "a function's threads, and a machine's branches, would act under no role",
        ),
        Replaced(
            "moto.core.responses",
            "method_names_from_class",
            "(clazz)",
            expressions.remember(256),
            "all members of a class are listed at every request",
        ),
    ]


@contextmanager
def install(replaced: Iterable[Replaced]) -> Iterator[None]:
    with ExitStack() as undo:
        for one in replaced:
            _put(one, undo)
        yield


def parameters_of(symbol: Any) -> str:
    """As `Replaced.as_moto_has_it` writes them: names only, as types may change freely."""
    if symbol is None or not callable(symbol):
        return type(symbol).__name__
    return f"({', '.join(inspect.signature(symbol).parameters)})"


def _put(one: Replaced, undo: ExitStack) -> None:
    holder, name = one.holder, one.attribute
    own = vars(holder).get(name, ABSENT)  # what is inherited is put back by deleting ours
    ours = one.replacement(getattr(holder, name, None))
    setattr(holder, name, staticmethod(ours) if isinstance(own, staticmethod) else ours)
    if own is ABSENT:
        undo.callback(delattr, holder, name)
    else:
        undo.callback(setattr, holder, name, own)
