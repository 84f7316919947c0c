"""Stacks that CloudFormation can't create or update: it answers the request, says in the stack's
events which resource failed and why, and rolls back.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.models import Event, Stack, cloudformation_backends
from moto.core.exceptions import ServiceException, _RESTError
from moto.core.responses import ActionResult

from localcloud.services.cloudformation.ignored_properties import is_imported

log = logging.getLogger("localcloud")

KEPT = "Retain"  # RetainExceptOnCreate is deleted when its creation is rolled back


class ResourceFailed(Exception):
    """A resource could not be created or updated; the message says why."""

    def __init__(self, logical_id: str, reason: str) -> None:
        super().__init__(reason)
        self.logical_id = logical_id


def with_events(action: str) -> Callable[[Any], Any]:
    """Replace moto's parse_and_create_resource and parse_and_update_resource, which tell a stack's
    events nothing. `action`: CREATE or UPDATE. Raises ResourceFailed.
    """

    def replace(original: Any) -> Any:
        def parse(
            logical_id: str, resource: dict[str, Any], resources_map: Any, *args: Any, **kwargs: Any
        ) -> Any:
            stack = _stack_of(resources_map)
            try:
                made = original(logical_id, resource, resources_map, *args, **kwargs)
            except ResourceFailed:
                raise  # of a resource that this one refers to
            except Exception as error:
                reason = _reason(error)
                _note(stack, logical_id, resource, f"{action}_FAILED", reason)
                raise ResourceFailed(logical_id, reason) from error
            if made is not None:
                _note(stack, logical_id, resource, f"{action}_COMPLETE")
            return made

        return parse

    return replace


def _stack_of(resources_map: Any) -> Stack | None:
    backend = cloudformation_backends[resources_map._account_id][resources_map._region_name]
    return backend.stacks.get(resources_map.stack_id)


def _note(
    stack: Stack | None,
    logical_id: str,
    resource: dict[str, Any],
    status: str,
    reason: str | None = None,
) -> None:
    if stack is None:
        return
    known = stack.resource_map._parsed_resources.get(logical_id)
    event = Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=logical_id,
        physical_resource_id=getattr(known, "physical_resource_id", "") or "",
        resource_type=resource["Type"],
        resource_status=status,
        resource_status_reason=reason,
        resource_properties=None,
    )
    stack.events.append(event)


def _reason(error: Exception) -> str:
    """Return what the service said; moto's own fault is an internal failure, with its name."""
    if isinstance(error, ClientError):
        return str(error.response["Error"]["Message"])
    if isinstance(error, ServiceException | _RESTError):
        return str(error.message)
    log.warning("a resource of a stack ended with %s", type(error).__name__, exc_info=error)
    return f"Internal Failure: {type(error).__name__} in the embedded cloud"


def rolled_back_creation(original: Any) -> Any:
    """Replace moto's CloudFormationResponse.create_stack, which leaves a refused stack in
    CREATE_IN_PROGRESS.
    """

    def create(self: Any) -> ActionResult:
        try:
            return original(self)  # type: ignore[no-any-return]
        except ResourceFailed as failed:
            stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
            stays = self._get_bool_param("DisableRollback", False)
            fate = self._get_param("OnFailure") or ("DO_NOTHING" if stays else "ROLLBACK")
            _end_creation(self.cloudformation_backend, stack, failed, fate)
            return ActionResult({"StackId": stack.stack_id})

    return create


def _end_creation(backend: Any, stack: Stack, failed: ResourceFailed, fate: str) -> None:
    reason = f"The following resource(s) failed to create: [{failed.logical_id}]. "
    if fate == "DO_NOTHING":
        _end(stack, "CREATE_FAILED", reason)
        return
    action = "DELETE" if fate == "DELETE" else "ROLLBACK"
    _end(stack, f"{action}_IN_PROGRESS", f"{reason}Rollback requested by user.")
    if left := [*_delete([*_made(stack)], stack)]:
        _end(stack, f"{action}_FAILED", _not_deleted(left))
        return
    _end(stack, f"{action}_COMPLETE")
    if fate == "DELETE":
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)


def _made(stack: Stack) -> Iterator[str]:
    """Yield the resources that the stack has, the newest first."""
    parsed, named = stack.resource_map._parsed_resources, stack.resource_map._resource_json_map
    return reversed([one for one in parsed if one in named and parsed[one] is not None])


def _delete(logical_ids: list[str], stack: Stack) -> Iterator[str]:
    """Delete resources, but those that are to be kept. Yields each that can't be deleted."""
    resources = stack.resource_map
    for logical_id in logical_ids:
        made, written = (
            resources._parsed_resources[logical_id],
            (resources._resource_json_map[logical_id]),
        )
        if written.get("DeletionPolicy") == KEPT or is_imported(made):
            _note(stack, logical_id, written, "DELETE_SKIPPED")
            continue
        try:
            resources._delete_resource(made, written)
        except Exception as error:  # noqa: BLE001 - the others are to be deleted still
            _note(stack, logical_id, written, "DELETE_FAILED", _reason(error))
            yield logical_id
        else:
            _note(stack, logical_id, written, "DELETE_COMPLETE")
            del resources._parsed_resources[logical_id]


def _not_deleted(left: list[str]) -> str:
    return f"The following resource(s) failed to delete: [{', '.join(left)}]. "


def _end(stack: Stack, status: str, reason: str | None = None) -> None:
    stack.status = status
    stack.stack_status_reason = reason  # type: ignore[attr-defined]  # as DescribeStacks has it
    stack._add_stack_event(status, resource_status_reason=reason)


def rolled_back_change_set(original: Any) -> Any:
    """Replace moto's CloudFormationResponse.execute_change_set, which has no rollback."""

    def execute(self: Any) -> ActionResult:
        change_set = self.cloudformation_backend.describe_change_set(
            self._get_param("ChangeSetName")
        )
        stays = self._get_bool_param("DisableRollback", False)
        if change_set.change_set_type != "CREATE":
            with _put_back(change_set.stack, stays=stays):
                return original(self)  # type: ignore[no-any-return]
            return ActionResult({})
        try:
            return original(self)  # type: ignore[no-any-return]
        except ResourceFailed as failed:
            fate = "DO_NOTHING" if stays else "ROLLBACK"
            _end_creation(self.cloudformation_backend, change_set.stack, failed, fate)
            return ActionResult({})

    return execute


def rolled_back_update(original: Any) -> Any:
    """Replace moto's CloudFormationResponse.update_stack, which has no rollback."""

    def update(self: Any) -> ActionResult:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        with _put_back(stack, stays=self._get_bool_param("DisableRollback", False)):
            return original(self)  # type: ignore[no-any-return]
        return ActionResult({"StackId": stack.stack_id})

    return update


@contextmanager
def _put_back(stack: Stack, *, stays: bool) -> Iterator[None]:
    """Put a stack back to its resources and its template if its update fails.

    Resources that the new template leaves out are gone by then: moto removes them first, and AWS
    last. The rollback fails where there are such resources.
    """
    resources = stack.resource_map
    before = (stack.template, stack.template_dict, resources.input_parameters)
    written, there = {**resources._resource_json_map}, {*_made(stack)}
    first = len(stack.events)
    try:
        yield
    except ResourceFailed as failed:
        reason = f"The following resource(s) failed to update: [{failed.logical_id}]. "
        if stays:
            _end(stack, "UPDATE_FAILED", reason)
            return
        _end(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        updated = [
            one.logical_resource_id
            for one in stack.events[first:]
            if one.resource_status == "UPDATE_COMPLETE"
        ]
        removed = there - {*resources._resource_json_map}
        left = [*_delete([one for one in _made(stack) if one not in there], stack)]
        stack.template, stack.template_dict, resources.input_parameters = before
        resources._template, resources._resource_json_map = stack.template_dict, written
        resources.load_parameters()
        for logical_id in updated:
            parsing.parse_and_update_resource(
                logical_id, written[logical_id], resources, stack.account_id, stack.region_name
            )
        left += sorted(removed)
        status = "FAILED" if left else "COMPLETE"
        _end(stack, f"UPDATE_ROLLBACK_{status}", _not_put_back(left) if left else None)


def _not_put_back(left: list[str]) -> str:
    return f"The following resource(s) failed to roll back: [{', '.join(left)}]. "
