"""Replaced symbols of Step Functions."""

import re

from localcloud.activity import Activity
from localcloud.iam.authorization import Authorization
from localcloud.kept_state.durability import Kept
from localcloud.ports.reused_threads import ReusedThread
from localcloud.seam import ABSENT, Replaced
from localcloud.services.lambda_.functions import Functions
from localcloud.services.stepfunctions import (
    definitions,
    distributed_map,
    executions,
    express,
    expressions,
    histories,
    job_task,
    task_errors,
)
from localcloud.strictness import task_requests

_ASL = "moto.stepfunctions.parser.asl"
_TASK = f"{_ASL}.component.state.exec.state_task"
_UNSUPPORTED = f"{_TASK}.service.state_task_service_unsupported:StateTaskServiceUnsupported"
_SDK = f"{_TASK}.service.state_task_service_aws_sdk:StateTaskServiceAwsSdk"
_ITERATION = f"{_ASL}.component.state.exec.state_map.iteration"
_SYNC_STATES = r"https?://sync-states\.(.+)\.amazonaws.com"


def replaced(
    activity: Activity,
    authorization: Authorization,
    kept: Kept,
    functions: Functions,
    starts: express.ExpressStarts,
) -> list[Replaced]:
    return [
        Replaced(
            "moto.stepfunctions.responses:StepFunctionResponse",
            "start_sync_execution",
            ABSENT,
            express.start_sync_execution(authorization),
            "StartSyncExecution is missing, though the interpreter can do it",
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
            "moto.stepfunctions.parser.models:StepFunctionsParserBackend",
            "start_execution",
            "(self, state_machine_arn, name, execution_input, trace_header)",
            express.named_or_express(starts),
            "the second execution without a name, or of an EXPRESS machine, is AlreadyExists",
        ),
        Replaced(
            "moto.stepfunctions.parser.models:StepFunctionsParserBackend",
            "_validate_definition",
            "(definition)",
            definitions.refused_in_aws_form,
            "InvalidDefinition reaches the client without its code",
        ),
        Replaced(
            "moto.stepfunctions.parser.backend.execution_worker:ExecutionWorker",
            "start",
            "(self)",
            executions.started_and_counted(activity, authorization, kept),
            "asynchronous executions are waited for by Cloud.idle, and are kept on disk",
        ),
        Replaced(
            f"{_ASL}.component.program.program:Program",
            "eval",
            "(self, env)",
            executions.in_one_thread,
            "a new thread for each execution, and in each thread of a branch another",
        ),
        Replaced(
            f"{_ASL}.component.state.exec.state_parallel.branch_worker:BranchWorker",
            "start",
            "(self)",
            executions.branch_in_a_reused_thread,
            "0.3 ms a branch for the thread and its name",
        ),
        Replaced(
            f"{_ASL}.component.state.exec.execute_state",
            "Thread",
            "(group, target, name, args, kwargs, daemon)",
            lambda _: ReusedThread,
            "a new thread for each task",
        ),
        *(
            Replaced(
                f"{_ASL}.component.state.exec.{module}",
                "threading",
                "module",
                executions.threading_with_signals,
                "a tenth of a decision's time, in events that are set once",
            )
            for module in ("execute_state", "state_parallel.branches_decl")
        ),
        *histories.replaced(),
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
            f"{_ITERATION}.itemprocessor.distributed_item_processor_worker:"
            "DistributedItemProcessorWorker",
            "_eval_pool",
            "(self, job, worker_frame)",
            distributed_map.children_in_a_loop,
            "a map of 1,000 children a worker ends with a RecursionError",
        ),
        Replaced(
            f"{_ITERATION}.distributed_iteration_component:DistributedIterationComponent",
            "_map_run",
            "(self, env, eval_input)",
            distributed_map.with_noted_children(authorization),
            "a role needs permissions for the children of a distributed map",
        ),
        Replaced(
            f"{_ASL}.component.state.exec.state_map.item_reader.eval.resource_eval_s3:"
            "ResourceEvalS3",
            "eval_resource",
            "(self, env)",
            distributed_map.failed_reader,
            "items that can't be read are States.ItemReaderFailed, which a map can repeat",
        ),
        Replaced(
            f"{_TASK}.lambda_eval_utils",
            "_invoke_lambda_function",
            "(parameters, region, state_credentials)",
            executions.through_the_function_seam(functions, authorization),
            "a round trip through boto3 and moto for a call within the process",
        ),
        Replaced(
            f"{_TASK}.service.state_task_service:StateTaskService",
            "_before_eval_execution",
            "(self, env, resource_runtime_part, raw_parameters, state_credentials)",
            task_requests.refused_before_the_call,
            "a field that the API lacks, or of another type, fails inside boto3, or not at all",
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
            job_task.job_resolver(authorization),
            "sagemaker:createTrainingJob.sync and createProcessingJob.sync are missing",
        ),
        Replaced(
            f"{_ASL}.component.state.exec.execute_state:ExecutionState",
            "_from_error",
            "(self, env, ex)",
            task_errors.sdk_errors,
            "a call whose answer is lost is the SDK's error, and not one of the machine",
        ),
        Replaced(
            _UNSUPPORTED,
            "_from_error",
            "(self, env, ex)",
            job_task.errors_of_the_service,
            "a refused CreateTrainingJob is SageMaker.<code>, not a runtime error",
        ),
        *(
            Replaced(
                f"{_TASK}.service.{module}",
                "_error_cause_from_client_error",
                "(client_error)",
                task_errors.undeclared_as(exception),
                "an error that the model does not declare is the service's in executions",
            )
            for module, exception in (
                ("state_task_service_dynamodb:StateTaskServiceDynamoDB", "AmazonDynamoDBException"),
                ("state_task_service_lambda:StateTaskServiceLambda", "AWSLambdaException"),
            )
        ),
        Replaced(
            _SDK,
            "_normalise_service_error_name",
            "(service_name)",
            task_errors.service_error_name,
            "two services have their name in errors; for others it begins with a small letter",
        ),
        Replaced(
            _SDK,
            "_get_boto_service_name",
            "(self, boto_service_name)",
            task_errors.boto_service_name,
            "aws-sdk:cloudwatchlogs and the like are unknown to boto3",
        ),
        Replaced(
            f"{_ASL}.component.common.error_name.custom_error_name:CustomErrorName",
            "__init__",
            "(self, error_name)",
            executions.error_of_any_name,
            "a States.… error that leaves a Map, or that a Fail tells, is another error",
        ),
    ]
