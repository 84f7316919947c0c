"""Distributed maps: moto runs their children as parts of the parent's execution."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from localcloud.iam.authorization import Authorization

READER_FAILED = StatesErrorName(StatesErrorNameType.StatesItemReaderFailed)


def children_in_a_loop(_original: Any) -> Callable[..., None]:
    """Replace moto's DistributedItemProcessorWorker._eval_pool, which calls itself for each child:
    a worker ends with a RecursionError at its 900th.
    """

    def evaluate(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            worker_frame.delete_frame(job_frame)
            ended = isinstance(job.job_output, Exception) or self.stopped()
            following = None if ended else self._job_pool.next_job()
            if following is None:
                # The map waits for the last child alone, so the frame is closed before it.
                self._env.delete_frame(worker_frame)
            self._job_pool.close_job(job)
            job = following
            if job is None:
                return
        self._env.delete_frame(worker_frame)

    return evaluate


def with_noted_children(authorization: Authorization) -> Callable[[Any], Any]:
    """Replace moto's DistributedItemProcessor._map_run. The machine starts each child under its own
    role: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html.
    """

    def replace(original: Any) -> Any:
        def run(self: Any, env: Any, eval_input: Any) -> None:
            machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
            authorization.note("states:StartExecution", machine)
            children = machine.replace(":stateMachine:", ":execution:") + ":child"
            for action in ("states:DescribeExecution", "states:StopExecution"):
                authorization.note(action, children)
            original(self, env, eval_input)

        return run

    return replace


def failed_reader(original: Any) -> Any:
    """Replace moto's ResourceEvalS3.eval_resource: items that S3 does not give are an error of the
    map's reader, and not of the machine.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    def evaluate(self: Any, env: Any) -> None:
        try:
            original(self, env)
        except (BotoCoreError, ClientError) as fault:
            details = MapRunFailedEventDetails(error=READER_FAILED.error_name, cause=str(fault))
            failure = FailureEvent(
                env=env,
                error_name=READER_FAILED,
                event_type=HistoryEventType.MapRunFailed,
                event_details=EventDetails(mapRunFailedEventDetails=details),  # type: ignore[typeddict-item]  # of 30 kinds, one
            )
            raise FailureEventException(failure) from fault

    return evaluate
