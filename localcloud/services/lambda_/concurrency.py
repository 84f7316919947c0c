"""Lambda's concurrency: how many invocations of an account run at once, and which are throttled.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.core.exceptions import JsonRESTError

from localcloud.services.servicequotas.account_quotas import EXECUTIONS, Quotas, find

# An account keeps so many for the functions that reserve none; a new one, which has 10, all of
# them: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
UNRESERVED, UNRESERVED_OF_A_NEW_ACCOUNT = 100, 10


class Throttled(Exception):
    """An invocation that found no free execution environment; `reason` is AWS's."""

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason


class TooManyRequests(JsonRESTError):
    """Lambda's answer to a throttled synchronous invocation."""

    code = 429

    def __init__(self, throttled: Throttled) -> None:
        super().__init__("TooManyRequestsException", str(throttled))
        told = {"Reason": throttled.reason, "Type": "User", "message": str(throttled)}
        self.description = json.dumps({"__type": self.error_type, **told})


class Concurrency:
    """`limit` is the account's quota; `reserved` what each function has reserved for itself."""

    def __init__(self, limit: Callable[[], int], reserved: Callable[[], Mapping[str, int]]) -> None:
        self._limit = limit
        self._reserved = reserved
        self._running: Counter[str] = Counter()
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def invocation(self, name: str) -> Iterator[None]:
        """Hold an execution environment of the function. Raises Throttled."""
        with self._one_at_a_time:
            self._require(name)
            self._running[name] += 1
        try:
            yield
        finally:
            with self._one_at_a_time:
                self._running[name] -= 1

    def _require(self, name: str) -> None:
        reserved = self._reserved()
        if name in reserved:
            if self._running[name] >= reserved[name]:
                raise Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            return
        others = sum(count for one, count in self._running.items() if one not in reserved)
        if others >= self._limit() - sum(reserved.values()):
            raise Throttled("ConcurrentInvocationLimitExceeded")


def of_account(quotas: Quotas, backend: Callable[[], Any]) -> Concurrency:
    """Return the concurrency of an account. `backend` is moto's, of Lambda."""

    def reserved() -> dict[str, int]:
        functions = list(backend().list_functions())
        return {
            one.function_name: int(one.reserved_concurrency)
            for one in functions
            if one.reserved_concurrency is not None
        }

    return Concurrency(lambda: int(quotas.value(find("lambda", EXECUTIONS))), reserved)


def reserve(quotas: Quotas) -> Callable[[Any], Any]:
    """Replace moto's LambdaBackend.put_function_concurrency.

    moto's reads its quota from a variable.
    """

    def replace(original: Any) -> Any:
        def put(self: Any, function_name: str, reserved_concurrency: str) -> Any:
            limit = int(quotas.value(find("lambda", EXECUTIONS)))
            least = UNRESERVED if limit > UNRESERVED else UNRESERVED_OF_A_NEW_ACCOUNT
            others = sum(
                int(one.reserved_concurrency or 0)
                for one in self.list_functions()
                if one.function_name != function_name
            )
            if limit - others - int(reserved_concurrency) < least:
                raise InvalidParameterValueException(
                    "Specified ReservedConcurrentExecutions for function decreases account's "
                    f"UnreservedConcurrentExecution below its minimum value of [{least}]."
                )
            return original(self, function_name, reserved_concurrency)

        return put

    return replace
