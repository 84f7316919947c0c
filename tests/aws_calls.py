"""The AWS calls that functions make, at botocore's door: counted, or answered by a fault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from localcloud import seam
from localcloud.iam import authorization

DOOR = ("botocore.client:BaseClient", "_make_api_call", "(client, operation_name, api_params)")


@dataclass(frozen=True)
class Asked:
    """A call that a function makes, before it is made."""

    function: str
    service: str
    operation: str
    params: dict[str, Any]
    client: Any

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


# It gets the call and the way to make it, and returns what the function gets.
Answer = Callable[[Asked, Callable[[], Any]], Any]


@contextmanager
def answered_by(answer: Answer) -> Iterator[None]:
    """Inside, `answer` stands between each function and AWS; the operator's calls pass."""

    def replace(original: Any) -> Any:
        def call(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
            def go() -> Any:
                return original(client, operation_name, api_params)

            acting = authorization._acting.get()
            if acting is None:
                return go()
            service = client.meta.service_model.service_name
            return answer(Asked(acting.role, service, operation_name, api_params, client), go)

        return call

    with seam.install([seam.Replaced(*DOOR, replace, "calls are seen at botocore's door")]):
        yield


@contextmanager
def recorded() -> Iterator[list[Asked]]:
    """Inside, each call of a function is added to the list."""
    calls: list[Asked] = []

    def answer(asked: Asked, go: Callable[[], Any]) -> Any:
        calls.append(asked)
        return go()

    with answered_by(answer):
        yield calls
