"""Place where people sign in to the console: one parameter of Systems Manager.

`make deploy` writes it once the API has an address; the page at `GET /` hands it to the browser.
"""

import msgspec


class SignInPlace(msgspec.Struct, frozen=True, rename="camel"):
    """The user pool's domain, the app client, and the console's own address, to which the domain
    leads back. The browser sends files of applications to `uploads`, and models to `artifacts`.
    """

    authority: str
    client_id: str
    address: str
    uploads: str = ""
    artifacts: str = ""


def parsed(text: str) -> SignInPlace:
    """Return the parameter's value. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=SignInPlace)


def written(place: SignInPlace) -> str:
    """Return the parameter's value.

    >>> written(SignInPlace("https://pool.example", "abc", "https://bank.example/v1/"))
    '{"authority":"https://pool.example","clientId":"abc","address":"https://bank.example/v1/","uploads":"","artifacts":""}'
    """
    return msgspec.json.encode(place).decode()
