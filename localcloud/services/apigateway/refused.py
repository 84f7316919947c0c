"""Answers that API Gateway gives by itself, before or instead of a function."""

# AWS's status and message by the type of the gateway response, where the API configures none:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
DEFAULTS = {
    "INTEGRATION_FAILURE": (500, "Internal server error"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type"),
}


class Refused(Exception):
    """The gateway answers by itself; `kind` is the type of its gateway response."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
