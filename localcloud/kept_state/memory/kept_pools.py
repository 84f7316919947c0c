"""User pools as data: their people, groups and signing keys, which no restart may lose.

Pools and app clients themselves are the template's. JSON, so that another moto can read it.
"""

from datetime import datetime
from typing import Any

from joserfc.jwk import RSAKey
from moto.cognitoidp.models import CognitoIdpUser, UserStatus

from localcloud.kept_state.memory.hashed_passwords import HashedPassword

Records = dict[str, dict[str, Any]]  # by the pool's name
_OF_A_USER = ("username", "id", "password", "enabled", "attributes")
_DATES = ("create_date", "last_modified_date")


def recorded(backend: Any) -> Records:
    """Return the content of each pool."""
    return {pool.name: _recorded(pool) for pool in list(backend.user_pools.values())}


def _recorded(pool: Any) -> dict[str, Any]:
    key = vars(pool).get("signing_key")
    return {
        "key": key.as_dict(private=True) if key else None,
        "groups": {
            name: [group.description, group.role_arn, group.precedence]
            for name, group in pool.groups.items()
        },
        "users": [_user(user) for user in pool.users.values()],
    }


def _user(user: Any) -> dict[str, Any]:
    if user.password:  # in memory, too, so that each is hashed once
        user.password = HashedPassword.of(user.password)
    return {
        **{name: getattr(user, name) for name in _OF_A_USER},
        **{name: getattr(user, name).isoformat() for name in _DATES},
        "status": UserStatus(user.status).value,
        "groups": sorted(group.group_name for group in user.groups),
    }


def restore(records: Records, backend: Any) -> None:
    """Give the pools of the template the people that they had, each with the same `sub`."""
    pools = {pool.name: pool for pool in backend.user_pools.values()}
    for name, kept in records.items():
        if pool := pools.get(name):
            _restore_pool(pool, kept, backend)


def _restore_pool(pool: Any, kept: dict[str, Any], backend: Any) -> None:
    if kept["key"]:
        pool.signing_key = RSAKey.import_key(kept["key"])
    for name, described in kept["groups"].items():
        if name not in pool.groups:
            backend.create_group(pool.id, name, *described)
    for one in kept["users"]:
        password = HashedPassword(one["password"]) if one["password"] else None
        user = CognitoIdpUser(pool.id, one["username"], password, one["status"], one["attributes"])
        user.id, user.enabled = one["id"], one["enabled"]
        user.status = UserStatus(one["status"])
        user.update_attributes([{"Name": "sub", "Value": one["id"]}])
        for date in _DATES:
            setattr(user, date, datetime.fromisoformat(one[date]))
        pool.users[user.username] = user
        for group in one["groups"]:
            backend.admin_add_user_to_group(pool.id, group, user.username)
