"""Authorization: each function, state machine and job acts under its own role, and each use of a
permission is recorded.
"""

import contextvars
import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.exceptions import BucketAccessDeniedError, S3AccessDeniedError
from moto.sts.models import sts_backends

from localcloud.iam import iam_policy
from localcloud.iam.iam_policy import Call
from localcloud.iam.signatures import SIGNATURE, presigner
from localcloud.iam.touched import NeedsPermission, by_request, by_s3_request

PARTITION = "aws"
# The name of a session has no spaces; who uses a permission is written in words.
_JOBS = {"processing-job": "processing job", "training-job": "training job"}
BY_DOCUMENTATION = " †"  # AWS does it itself: told by its documentation, not seen here


class NotAuthorized(JsonRESTError):
    """The role lacks a permission; the message is as AWS words it, and its clients read it so."""

    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Acting:
    role_arn: str
    used_by: str

    @property
    def role(self) -> str:
        return self.role_arn.rsplit("/", 1)[-1]


_acting: contextvars.ContextVar[Acting | None] = contextvars.ContextVar("acting", default=None)


@contextmanager
def as_operator() -> Iterator[None]:
    """Act as the operator inside, for the cloud's own requests while a role acts."""
    before = _acting.set(None)
    try:
        yield
    finally:
        _acting.reset(before)


class Authorization:
    """Authorization of the current role's requests.

    Without a role it is the operator, who may do everything and is not recorded.
    """

    def __init__(self, account: str) -> None:
        self.allowed: dict[Call, set[str]] = defaultdict(set)
        self.refused: dict[Call, set[str]] = defaultdict(set)
        self.account = account
        self._writing = threading.Lock()

    @contextmanager
    def acting_as(self, role_arn: str, service: str, used_by: str) -> Iterator[None]:
        """Act as the role.

        Raises NotAuthorized if the role does not trust the service, or does not exist.
        """
        acting = Acting(role_arn, used_by)
        role = self._role(acting.role)
        trust = role.assume_role_policy_document if role else '{"Statement": []}'
        if not iam_policy.trusts(trust, f"{service}.amazonaws.com", self.account):
            raise NotAuthorized(
                f"{service} cannot assume {role_arn}: make the role, and let it trust {service}"
                ".amazonaws.com."
            )
        before = _acting.set(acting)
        try:
            yield
        finally:
            _acting.reset(before)

    @property
    def is_acting(self) -> bool:
        """Whether a role acts here: that of a function, a state machine or a job."""
        return _acting.get() is not None

    def require(self, action: str, resource: str, **context: str) -> None:
        """Require the permission. Raises NotAuthorized unless the current role may do this."""
        acting = _acting.get()
        if acting and not self._permits(acting, NeedsPermission(action, resource, context)):
            raise NotAuthorized(_told(acting, action, resource))

    def note(self, action: str, resource: str, **context: str) -> None:
        """Record what AWS itself does under the role, by its documentation; a missing permission
        fails silently.
        """
        if acting := _acting.get():
            noted = replace(acting, used_by=acting.used_by + BY_DOCUMENTATION)
            self._permits(noted, NeedsPermission(action, resource, context))

    def policies(self, role_name: str) -> tuple[str, ...]:
        role = self._role(role_name)
        return tuple(role.policies.values()) if role else ()

    def actor(self, request: Any) -> Acting | None:
        """Return the role of a request; none if it is the operator's."""
        return _acting.get() or self._key_holder(request)

    def refusal(self, acting: Acting, needed: Iterable[NeedsPermission]) -> str | None:
        """Return AWS's refusal of a request, or None if it is allowed."""
        for one in needed:
            if not self._permits(acting, one):
                return _told(acting, one.action, one.resource)
        return None

    def _permits(self, acting: Acting, needed: NeedsPermission) -> bool:
        context = tuple(sorted(needed.context.items()))
        call = Call(acting.role, needed.action, needed.resource, context)
        permitted = iam_policy.allow(self.policies(acting.role), call)
        with self._writing:
            (self.allowed if permitted else self.refused)[call].add(acting.used_by)
        return permitted

    def _role(self, name: str) -> Any:
        try:
            role = iam_backends[self.account][PARTITION].get_role(name)
        except NotFoundException:
            return None
        for policy, document in role.policies.items():
            if not isinstance(document, str):  # CloudFormation's: moto keeps them parsed
                role.policies[policy] = json.dumps(document)
        return role

    def secret_of(self, key: str) -> str | None:
        """Return the secret of an access key: of a role that was assumed, or of this process."""
        known = {os.environ["AWS_ACCESS_KEY_ID"]: os.environ["AWS_SECRET_ACCESS_KEY"]}
        for assumed in sts_backends[self.account][PARTITION].assumed_roles:
            known[assumed.access_key_id] = assumed.secret_access_key
        return known.get(key)

    def _key_holder(self, request: Any) -> Acting | None:
        """Return the role that a program on the AWS port has assumed with sts:AssumeRole. Of a
        presigned address it is the signer's; moto does not look there.
        """
        query = request.querystring
        presigned = SIGNATURE in query and "Authorization" not in request.headers
        key = presigner(query) if presigned else request.get_access_key()
        for assumed in sts_backends[self.account][PARTITION].assumed_roles:
            if assumed.access_key_id == key:
                return Acting(
                    assumed.role_arn, _JOBS.get(assumed.session_name, assumed.session_name)
                )
        return None


def enforced_on_requests(authorization: Authorization) -> Callable[[Any], Any]:
    """Replace moto's _authenticate_and_authorize_normal_action, which knows no resources."""

    def replaced(original: Any) -> Any:
        def authorize(self: Any, resource: str = "*") -> None:
            acting = authorization.actor(self)
            if acting and (told := authorization.refusal(acting, by_request(self))):
                raise _refusal(self, acting, told)

        return authorize

    return replaced


def enforced_on_s3(authorization: Authorization) -> Callable[[Any], Any]:
    """Replace moto's _authenticate_and_authorize_s3_action, which knows no conditions."""

    def replaced(original: Any) -> Any:
        def authorize(
            self: Any, bucket_name: str | None = None, key_name: str | None = None
        ) -> None:
            acting = authorization.actor(self)
            if acting and authorization.refusal(acting, by_s3_request(self, bucket_name, key_name)):
                raise BucketAccessDeniedError(bucket_name) if bucket_name else S3AccessDeniedError()

        return authorize

    return replaced


def task_in_the_callers_context(original: Any) -> Any:
    """Replace ThreadPoolExecutor.submit.

    A thread that boto3 starts acts under the role of the thread that started it.
    """

    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        return original(self, contextvars.copy_context().run, fn, *args, **kwargs)

    return submit


def thread_in_the_callers_context(original: Any) -> Any:
    """Replace Thread.start: the same for a thread of its own, as a state machine's branches are."""

    def start(self: Any) -> None:
        context, run = contextvars.copy_context(), self.run
        self.run = lambda: context.run(run)
        original(self)

    return start


def _told(acting: Acting, action: str, resource: str) -> str:
    return (
        f"User: {acting.role_arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')} is "
        f"not authorized to perform: {action} on resource: {resource} because no identity-based "
        f"policy allows the {action} action"
    )


def _refusal(request: Any, acting: Acting, told: str) -> Exception:
    """Return a refusal in the service's protocol, so that boto3 reads its error code."""
    if "x-www-form-urlencoded" in request.headers.get("Content-Type", ""):
        return AccessDeniedError(acting.role_arn, told.partition("perform: ")[2])
    return NotAuthorized(told)
