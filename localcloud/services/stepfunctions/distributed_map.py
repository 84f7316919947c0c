"""Distributed maps: moto runs their children as parts of the parent's execution."""

from collections.abc import Callable
from typing import Any

from localcloud.iam.authorization import Authorization


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
