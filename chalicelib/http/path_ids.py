"""The ids in a path, checked before a table is asked: DynamoDB refuses a key that is too long, and
records of erasures stand beside those of clients.
"""

from chalice.app import Request

from chalicelib.decisions.application import CLIENT_ID, NO_CLIENT_ID
from chalicelib.decisions.predictions import NO_PREDICTION, PREDICTION_ID
from chalicelib.foundation.errors import InvalidRequest, PredictionNotFound
from chalicelib.foundation.request_fields import naming

LONGEST_SHOWN = 64  # characters of an id that is no id


def require_ids(request: Request) -> None:
    """Raise InvalidRequest for what is no clientId, and PredictionNotFound for the path of what
    can't be a prediction.
    """
    ids = request.uri_params or {}
    client, prediction = ids.get("clientId"), ids.get("predictionId")
    if client is None:
        return
    known = bool(CLIENT_ID.fullmatch(client))
    if prediction is None and not known:
        raise naming(InvalidRequest, {"clientId": NO_CLIENT_ID}, outside=True)
    if prediction is not None and not (known and PREDICTION_ID.fullmatch(prediction)):
        shown = {"client": client[:LONGEST_SHOWN], "id": prediction[:LONGEST_SHOWN]}
        raise PredictionNotFound(NO_PREDICTION.format(**shown))
