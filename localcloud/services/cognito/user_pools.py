"""User pools as the embedded cloud has them beyond moto: a signing key of their own, protection."""

from typing import Any

from joserfc.jwk import RSAKey
from moto.cognitoidp.exceptions import InvalidParameterException

KEY_ID = "dummy"  # which moto writes into the header of each token
_PROTECTED = (
    "The user pool cannot be deleted because deletion protection is activated. Deletion protection "
    "must be inactivated first."
)


def own_key(original: Any) -> Any:
    """Replace CognitoIdpUserPool.json_web_key: moto's key is published, so anybody could sign.

    The key is made when it is needed first.
    """

    def key(self: Any) -> Any:
        return vars(self).get("signing_key") or _made(self)

    return property(key, lambda _self, _published: None)


def _made(pool: Any) -> Any:
    pool.signing_key = RSAKey.generate_key(2048, {"kid": KEY_ID, "use": "sig", "alg": "RS256"})
    return pool.signing_key


def has_key(pool: Any) -> bool:
    """Return whether the pool has signed anything yet."""
    return "signing_key" in vars(pool)


def protected(original: Any) -> Any:
    """Replace CognitoIdpBackend.delete_user_pool, which deletes a protected pool, too."""

    def delete(self: Any, user_pool_id: str) -> None:
        if self.describe_user_pool(user_pool_id).extended_config.get("DeletionProtection") == (
            "ACTIVE"
        ):
            raise InvalidParameterException(_PROTECTED)
        original(self, user_pool_id)

    return delete
