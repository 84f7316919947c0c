"""Replaced symbols of Cognito's user pools."""

from localcloud.kept_state.durability import Kept
from localcloud.seam import ABSENT, Replaced
from localcloud.services.cognito import (
    pool_templates,  # noqa: F401 - moto finds its classes
    user_pools,
)
from localcloud.services.storage import recorded

_POOL = "moto.cognitoidp.models:CognitoIdpUserPool"


def replaced(kept: Kept) -> list[Replaced]:
    return [
        Replaced(
            _POOL,
            "json_web_key",
            ABSENT,
            user_pools.own_key,
            "all pools of all machines sign with one key, and that is published",
        ),
        Replaced(
            "moto.cognitoidp.models:CognitoIdpBackend",
            "delete_user_pool",
            "(self, user_pool_id)",
            user_pools.protected,
            "deletion protection is ignored",
        ),
        Replaced(
            "moto.cognitoidp.responses:CognitoIdpResponse",
            "call_action",
            "(self)",
            recorded.cognito(kept),
            "people and their groups are kept on disk",
        ),
    ]
