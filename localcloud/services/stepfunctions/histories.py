"""Histories of executions, which EXPRESS machines do not have.

moto writes one for each, and copies and encodes the whole state twice a step for it.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec
from moto.stepfunctions.parser.quotas import MAX_STATE_SIZE_UTF8_BYTES

from localcloud.seam import Replaced

_STATE = "moto.stepfunctions.parser.asl.component.state"
_is_kept: ContextVar[bool] = ContextVar("history", default=True)
ESCAPED = 6  # bytes of moto's JSON for a byte of ours, at most


@contextmanager
def without_history() -> Iterator[None]:
    """Run an execution of which nobody can ask the history."""
    before = _is_kept.set(False)
    try:
        yield
    finally:
        _is_kept.reset(before)


class _NoHistory:
    """Stand-in for moto's EventManager."""

    def add_event(self, *_: Any, **__: Any) -> int:
        return 0

    def get_event_history(self) -> list[Any]:
        return []


def environment_without_history(original: Any) -> Any:
    """Replace moto's SyncExecutionWorker._get_evaluation_environment."""

    def environment(self: Any) -> Any:
        made = original(self)
        if not _is_kept.get():
            made.event_manager = _NoHistory()
        return made

    return environment


def details_if_kept(original: Any) -> Any:
    """Replace moto's CommonStateField._get_state_entered_event_details, and its twin of exits."""

    def details(self: Any, env: Any) -> Any:
        if _is_kept.get():
            return original(self, env)
        env.variable_store.reset_tracing()
        return {}

    return details


def encoded_if_kept(original: Any) -> Callable[..., str]:
    """Replace the to_json_str by which moto's Lambda tasks write their payloads into histories."""

    def encode(obj: Any, separators: tuple[str, str] | None = None) -> str:
        return str(original(obj, separators)) if _is_kept.get() else ""

    return encode


def quick_size_check(original: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Replace moto's is_within_size_quota, which encodes what is far below the limit as slowly."""

    def is_within(value: Any) -> bool:
        try:
            size = len(msgspec.json.encode(value))
        except (TypeError, ValueError):
            return original(value)
        return ESCAPED * size < MAX_STATE_SIZE_UTF8_BYTES or original(value)

    return is_within


def replaced() -> list[Replaced]:
    """Return moto's symbols of histories and of the sizes of states."""
    state, task = f"{_STATE}.state", f"{_STATE}.exec.state_task.state_task_lambda"
    why = "an EXPRESS machine has no history, which moto encodes twice a step"
    return [
        Replaced(
            "moto.stepfunctions.parser.backend.execution_worker:SyncExecutionWorker",
            "_get_evaluation_environment",
            "(self)",
            environment_without_history,
            why,
        ),
        *(
            Replaced(
                f"{state}:CommonStateField",
                f"_get_state_{step}_event_details",
                "(self, env)",
                details_if_kept,
                why,
            )
            for step in ("entered", "exited")
        ),
        Replaced(task, "to_json_str", "(obj, separators)", encoded_if_kept, why),
        *(
            Replaced(
                module,
                "is_within_size_quota",
                "(value)",
                quick_size_check,
                "a state that is far below the limit is encoded slowly to count its bytes",
            )
            for module in (state, task)
        ),
    ]
