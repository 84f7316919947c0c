"""Request interceptors of the services whose state is one record, which is written whole."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.memory.records import SAGEMAKER
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.services.storage.undo import Undo, strings_in
from localcloud.services.storage.unstored import Wrapped, fault

_SUBSCRIBING = ("Subscribe", "Unsubscribe", "SetSubscriptionAttributes", "ConfirmSubscription")
_SIGNING_IN = ("InitiateAuth", "RespondToAuthChallenge", "GlobalSignOut", "RevokeToken")
_PARAMETERS = ("PutParameter", "DeleteParameter", "DeleteParameters")


def sagemaker(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's SageMakerResponse inherits."""
    reads = ("Describe", "List", "Search", "Query")

    def remember(request: Any, undo: Undo) -> None:
        backend, named = request.sagemaker_backend, set(strings_in(request.params))
        undo.remember([getattr(backend, name) for name in SAGEMAKER], named)

    writes = lambda action: not action.startswith(reads)  # noqa: E731 - one use
    return recorded(kept, writes, kept.keep_sagemaker, remember, kept.sagemaker)


def sns(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's SNSResponse inherits."""
    return recorded(
        kept,
        lambda action: action in _SUBSCRIBING,
        kept.keep_subscriptions,
        lambda request, undo: undo.remember([request.backend.subscriptions]),
    )


def ssm(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's SimpleSystemManagerResponse inherits."""
    return recorded(
        kept,
        lambda action: action in _PARAMETERS,
        kept.keep_parameters,
        lambda request, undo: undo.remember([request.ssm_backend._parameters]),
    )


def cognito(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's CognitoIdpResponse inherits."""
    reads = ("Describe", "List", "Get", "AdminGet", "AdminList", "AdminInitiate", *_SIGNING_IN)

    def remember(request: Any, undo: Undo) -> None:
        pools = request.backend.user_pools
        undo.remember([pools], set())
        undo.remember([one for pool in pools.values() for one in (pool.users, pool.groups)])

    return recorded(kept, lambda action: not action.startswith(reads), kept.keep_pools, remember)


def recorded(
    kept: Kept,
    writes: Callable[[str], bool],
    keep: Callable[[], None],
    remember: Callable[[Any, Undo], None],
    shared: AbstractContextManager[Any] | None = None,
) -> Wrapped:
    """Write the whole record of a service, its events included, in one transaction.

    Writing the record as it stands comes first: a request that can't be kept is not begun. If the
    commit fails, moto's memory is put back, and what waits for the commit, as a job's process does,
    never starts. One request at a time: moto takes no lock around a check and its change, and two
    updates of one endpoint would both be accepted. A lock that is `shared` keeps threads out, too:
    what they change during a request that is refused would be put back with it.
    """
    turn = shared or threading.RLock()

    def replace(original: Any) -> Any:
        def call_action(self: Any) -> Any:
            if not writes(self._get_action()):
                return original(self)
            try:
                with turn, Undo() as undo, kept.writing():
                    remember(self, undo)
                    keep()
                    answer = carried_out(original, self)
                    keep()
            except NotStored:
                return fault(self)
            except Refused as refused:
                return refused.answer
            return answer

        return call_action

    return replace


def carried_out(original: Any, request: Any) -> Any:
    answer = original(request)
    if answer[0] != 200:
        raise Refused(answer)
    return answer


class Refused(Exception):
    """The answer of a service that did not do what a request asks."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer
