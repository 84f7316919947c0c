"""Passwords of a user pool's people as they go to disk: their scrypt hash, with a salt each."""

import hashlib
import hmac
import secrets

# For a person who waits: 16 MiB and 50 ms a hash. https://www.rfc-editor.org/rfc/rfc7914#section-12
COST, BLOCK, PARALLEL = 2**14, 8, 1
MEMORY_BYTES = 32 * 2**20
SCHEME = "scrypt"


class HashedPassword(str):
    """A hash that equals the password it was made of, as moto compares the two."""

    __slots__ = ()

    @classmethod
    def of(cls, password: str) -> "HashedPassword":
        """Return the password's hash; a hash is returned as it is."""
        if isinstance(password, cls):
            return password
        salt = secrets.token_bytes(16)
        return cls(f"{SCHEME}${salt.hex()}${_digest(password, salt).hex()}")

    def __eq__(self, given: object) -> bool:
        if isinstance(given, HashedPassword):
            return str.__eq__(self, given)
        _, salt, digest = self.split("$")
        if not isinstance(given, str):
            return False
        return hmac.compare_digest(_digest(given, bytes.fromhex(salt)), bytes.fromhex(digest))

    def __ne__(self, given: object) -> bool:
        return not self == given

    __hash__ = str.__hash__


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MEMORY_BYTES, dklen=32
    )
