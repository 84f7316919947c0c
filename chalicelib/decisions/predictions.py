"""Adapter of the table PrediccionesCredito. It keeps every number exact.

It only adds items; a claim of a key may take the place of one whose time is over.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, cast

from chalicelib.decisions.day_index import (
    BY_DAY,
    OUTCOMES,
    REVIEWS,
    key_of,
    keys_of,
    merged,
    page_of,
)
from chalicelib.decisions.intake.claim_table import CLAIM, ClaimTable, as_recorded, read_item
from chalicelib.decisions.outcome_rules import REVIEW_ACT
from chalicelib.foundation import expiry
from chalicelib.foundation.dynamodb_items import as_table_unavailable, to_item
from chalicelib.foundation.errors import PredictionNotFound, TableUnavailable
from chalicelib.foundation.record_salt import ERASED, SALT, new_salt
from chalicelib.foundation.text import Text

Item = dict[str, Any]

# Prediction ids are hexadecimal, so every claim, outcome and act sorts behind every prediction.
LOOKED_BACK = 31  # days, for the bank's newest decisions
PREDICTION_ID = re.compile(r"[0-9a-f]{32}")
OUTCOME = "outcome#"
FAILED = "ConditionalCheckFailed"  # the code of a condition in a transaction
WITH_APPLICANT = f"attribute_not_exists({ERASED})"  # erased records are left to the evidence


NO_PREDICTION = Text(
    es="{client} no tiene ninguna predicción {id}.", en="{client} has no prediction {id}."
)


class PredictionTable(ClaimTable):
    """The table. Its key is clientId and predictionId; prediction ids sort by time.

    DynamoDB deletes an item `days` after it was stored; 0: never.
    """

    def add(self, prediction: Item) -> Item:
        """Store a prediction unless its id exists, and return the stored one."""
        return self._put_once(prediction | {"day": _index_key("", prediction, "createdAt")})

    def add_outcome(
        self, client_id: str, outcome_id: str, outcome: Item, acts: int | None = None
    ) -> Item | None:
        """Store an outcome unless its id exists, and return the stored one.

        The index has it under the day on which it was reported. With `acts`, the number of acts on
        the decision that the caller has read, it returns None if there is another one by now.
        Raises PredictionNotFound if the decision is gone: its client was erased meanwhile.
        """
        item = {"clientId": client_id, "predictionId": OUTCOME + outcome_id} | outcome
        item |= {"day": _index_key(OUTCOMES, item, "toldAt")}
        if acts is None:
            return self._put_once(item)
        return self._put_beside(item, [_act_key(client_id, outcome["of"], acts)])

    def outcomes(self, client_id: str, prediction_id: str) -> list[Item]:
        """Return the outcomes of one prediction, the newest last."""
        found = self._query(
            KeyConditionExpression="clientId = :client AND begins_with(predictionId, :of)",
            ExpressionAttributeValues=to_item(
                {":client": client_id, ":of": f"{OUTCOME}{prediction_id}#"}
            ),
            ConsistentRead=True,
        )
        return sorted(found, key=lambda told: (told["toldAt"], told["predictionId"]))

    def outcomes_reported_on(self, day: str) -> Iterator[Item]:
        """Yield the outcomes reported on a day, sorted by id."""
        return self._of_day(OUTCOMES + day, "#day = :day")

    def add_act(self, client_id: str, prediction_id: str, number: int, act: Item) -> Item:
        """Store a person's act on a decision unless there is one of this number, and return the
        stored one. The index has it under the day of the act.

        Raises PredictionNotFound if the decision is gone: its client was erased meanwhile.
        """
        key = _act_key(client_id, prediction_id, number)
        item = key | {"of": prediction_id} | act | {"day": f"{REVIEWS}{act['at'][:10]}"}
        return cast("Item", self._put_beside(item, []))

    def _put_beside(self, item: Item, absent: list[Item]) -> Item | None:
        """Store what stands beside a decision unless its id exists, and return the stored one; None
        if one of the `absent` keys exists. Raises PredictionNotFound if the decision is gone.
        """
        more: Item = {**expiry.after(self._days, self._now()), SALT: new_salt()}
        put = {"Item": to_item(item | more), **self._if("attribute_not_exists")}
        checks = [{"ConditionCheck": {"Key": to_item(one), **self._if("attribute_not_exists")}}
                  for one in absent]  # fmt: skip
        decision = {"clientId": item["clientId"], "predictionId": item["of"]}
        there = {"Key": to_item(decision), **self._if("attribute_exists")}
        actions: Any = [{"ConditionCheck": there}, {"Put": put}, *checks]
        with as_table_unavailable():
            try:
                self._client.transact_write_items(TransactItems=actions)
            except self._client.exceptions.TransactionCanceledException as error:
                codes = [one["Code"] for one in error.response["CancellationReasons"]]
                is_gone, is_stored, *acted = (code == FAILED for code in codes)
                if is_gone:
                    gone = {"client": item["clientId"], "id": item["of"]}
                    raise PredictionNotFound(NO_PREDICTION.format(**gone)) from error
                if any(acted):
                    return None
                if not is_stored:
                    raise TableUnavailable from error
                place = {name: item[name] for name in ("clientId", "predictionId")}
                return self._at(place)
        return as_recorded(item)

    def _if(self, function: str) -> Item:
        condition = f"{function}(predictionId)"
        return {"TableName": self._table, "ConditionExpression": condition}

    def _at(self, place: Item) -> Item:
        found = self._client.get_item(
            TableName=self._table, Key=to_item(place), ConsistentRead=True
        )
        return read_item(found["Item"])

    def acts(self, client_id: str, prediction_id: str) -> list[Item]:
        """Return people's acts on a decision, the oldest first."""
        values = {":client": client_id, ":of": f"{REVIEW_ACT}{prediction_id}#"}
        found = self._query(
            KeyConditionExpression="clientId = :client AND begins_with(predictionId, :of)",
            ExpressionAttributeValues=to_item(values),
            ConsistentRead=True,
        )
        return list(found)

    def acts_on(self, day: str, after: str) -> Iterator[Item]:
        """Yield people's acts of a day whose key is above `after`, sorted by their keys."""
        return self._query(
            IndexName=BY_DAY,
            KeyConditionExpression="#day = :day AND predictionId > :after",
            FilterExpression=WITH_APPLICANT,
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues=to_item({":day": REVIEWS + day, ":after": after}),
        )

    def get(self, client_id: str, prediction_id: str) -> Item:
        """Return one prediction. Raises PredictionNotFound."""
        with as_table_unavailable():
            response = self._client.get_item(
                TableName=self._table,
                Key=to_item({"clientId": client_id, "predictionId": prediction_id}),
                ConsistentRead=True,
            )
        beside = prediction_id.startswith((CLAIM, OUTCOME, REVIEW_ACT))
        if beside or ERASED in response.get("Item", {ERASED: {}}):
            raise PredictionNotFound(NO_PREDICTION.format(client=client_id, id=prediction_id))
        return read_item(response["Item"])

    def is_erased(self, prediction_id: str) -> bool:
        """Return whether a prediction's applicant was erased. The index has it under the day that
        its id begins with.
        """
        if not PREDICTION_ID.fullmatch(prediction_id):
            return False
        made = datetime.fromtimestamp(int(prediction_id[:12], 16) / 1000, UTC)
        found = self._query(
            IndexName=BY_DAY,
            KeyConditionExpression="#day = :day AND predictionId = :id",
            FilterExpression=f"attribute_exists({ERASED})",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues=to_item(
                {":day": key_of(f"{made:%F}", prediction_id), ":id": prediction_id}
            ),
        )
        return any(True for _ in found)

    def made_in(self, day: str, first: str, last: str, page: int) -> Iterator[Item]:
        """Yield what was decided on a day, and by what, from id `first` to `last`, sorted.

        It reads about `page` items at a time, from all shards together.
        """
        return merged(self.made_under(key, first, last, page_of(page)) for key in keys_of(day))

    def made_under(self, key: str, first: str, last: str, page: int) -> Iterator[Item]:
        """Yield as `made_in` what has this key of a day, one of keys_of, `page` items a request."""
        shown = ("clientId", "predictionId", "application", "models", "decisionBasis", "rules")
        return self._under(
            key,
            "#day = :day AND predictionId BETWEEN :first AND :last",
            {":first": first, ":last": last},
            ProjectionExpression=", ".join(f"#{name}" for name in shown),
            ExpressionAttributeNames={f"#{name}": name for name in ("day", *shown)},
            PaginationConfig={"PageSize": page},
        )

    def newest_of_all(self, count: int, today: date) -> list[Item]:
        """Return the applications and models' answers of the bank's newest decisions, the newest
        first, from the last LOOKED_BACK days.
        """
        shown = ("day", "clientId", "predictionId", "application", "models")
        parts: dict[str, Any] = {
            "ProjectionExpression": ", ".join(f"#{name}" for name in shown[1:]),
            "ExpressionAttributeNames": {f"#{name}": name for name in shown},
            "PaginationConfig": {"PageSize": page_of(count)},
        }
        found: list[Item] = []
        for back in range(LOOKED_BACK):
            day = (today - timedelta(days=back)).isoformat()
            of_day = self._of_day(day, "#day = :day", newest_first=True, **parts)
            found += islice(of_day, count - len(found))
            if len(found) >= count:
                break
        return found

    def _of_day(
        self, day: str, condition: str, *, newest_first: bool = False, **more: Any
    ) -> Iterator[Item]:
        more |= {"ScanIndexForward": not newest_first}
        found = (self._under(key, condition, **more) for key in keys_of(day))
        return merged(found, newest_first=newest_first)

    def _under(
        self, key: str, condition: str, values: Item | None = None, **more: Any
    ) -> Iterator[Item]:
        """Yield what one key of the index has."""
        query = {
            "IndexName": BY_DAY,
            "KeyConditionExpression": condition,
            "FilterExpression": WITH_APPLICANT,
            "ExpressionAttributeNames": {"#day": "day"},  # a reserved word
            **more,
        }
        named = to_item({":day": key, **(values or {})})
        return self._query(**query, ExpressionAttributeValues=named)

    def _query(self, **query: Any) -> Iterator[Item]:
        with as_table_unavailable():
            pages = self._client.get_paginator("query").paginate(TableName=self._table, **query)
            for page in pages:
                yield from map(read_item, page["Items"])


def _index_key(kind: str, item: Item, when: str) -> str:
    return key_of(f"{kind}{item[when][:10]}", item["predictionId"])


def _act_key(client_id: str, prediction_id: str, number: int) -> Item:
    return {"clientId": client_id, "predictionId": f"{REVIEW_ACT}{prediction_id}#{number:04}"}
