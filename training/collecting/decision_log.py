"""The table PrediccionesCredito as collect.py reads it, and writes the outcomes of files into it.

SageMaker does not have chalicelib/decisions/outcomes.py, which defines the item of an outcome.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from chalicelib.decisions.day_index import BY_DAY, OUTCOMES, key_of, keys_of, merged
from chalicelib.decisions.outcome_id import outcome_id
from chalicelib.decisions.outcome_rules import REVIEW_ACT, final_decision, recorded_source
from chalicelib.foundation.record_salt import ERASED, SALT, new_salt

Item = dict[str, Any]

OUTCOME = "outcome#"
GAP_DAYS = 31  # from so many days on, the table may be read sooner than the index
SHORT = {"clientId", "predictionId", "createdAt", "decision", "of", "toldAt", ERASED}


class DecisionLog:
    """A log up to `until`: later decisions and outcomes are not there yet."""

    def __init__(self, table: Any, until: str) -> None:
        self._table = table
        self._until = until

    def decided(self, since: str) -> Iterator[tuple[str, str]]:
        """Yield day and kind of each decision from the day `since` on; of all if it is empty."""
        items = self._each("", since) if since else self._all()
        for item in items:
            if "decision" in item and item["createdAt"] <= self._until:
                yield item["createdAt"][:10], item["decision"]

    def decisions_with_outcomes(self, since: str) -> set[tuple[str, str]]:
        """Return client and prediction of the outcomes from the day before `since` on.

        The index lags behind the table, so an outcome of just before midnight may have been missed.
        Reading an outcome again changes nothing. Without `since`, all outcomes are read.
        """
        items = self._each(OUTCOMES, _day_before(since)) if since else self._all()
        return {
            (item["clientId"], item["of"])
            for item in items
            if "toldAt" in item and item["toldAt"] <= self._until and ERASED not in item
        }

    def newest(self, months: Mapping[str, int]) -> Iterator[Item]:
        """Yield the decisions of these months, whole; the newest first.

        `months` has how many decisions each month has.
        """
        first = min(months, default=self._until[:7])
        days = [day for day in self._days(f"{first}-01") if day[:7] in months]
        held = self._held([keys_of(day) for day in days[::-1]], sum(months.values()))
        found = (item for keys in held for item in self._of(keys, newest_first=True))
        with_applicant = (item for item in found if "decision" in item and ERASED not in item)
        return (item for item in with_applicant if item["createdAt"] <= self._until)

    def decision(self, client_id: str, prediction_id: str) -> Item | None:
        """Return a decision, with a person's if a person decided as `finalDecision`."""
        key = {"clientId": client_id, "predictionId": prediction_id}
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        if not item or "decision" not in item or ERASED in item:
            return None
        acts = self._beside(client_id, f"{REVIEW_ACT}{prediction_id}#", "at")
        return dict(plain(item)) | {"finalDecision": final_decision(item["decision"], acts)}

    def of_client(self, client_id: str) -> list[Item]:
        """Return the outcomes of all of a client's decisions, the newest last."""
        return self._outcomes(client_id, OUTCOME)

    def outcomes(self, client_id: str, prediction_id: str) -> list[Item]:
        """Return the outcomes of a decision, the newest last."""
        return self._outcomes(client_id, f"{OUTCOME}{prediction_id}#")

    def _outcomes(self, client_id: str, prefix: str) -> list[Item]:
        reported = self._beside(client_id, prefix, "toldAt")
        return sorted(reported, key=lambda item: (item["toldAt"], item["predictionId"]))

    def _beside(self, client_id: str, prefix: str, when: str) -> list[Item]:
        """Return a client's items of a kind, by their key, up to `until` in the field `when`."""
        of = Key("predictionId").begins_with(prefix)
        items = self._query(Key("clientId").eq(client_id) & of, ConsistentRead=True)
        return [item for item in items if item[when] <= self._until]

    def tell(self, decision: Item, outcome: Item, source: str, sha256: str) -> bool:
        """Store an outcome of a file as POST …/outcome would, and return whether it is new.

        The file's key is the source. A row of a file is stored only once.
        """
        earlier = self.outcomes(decision["clientId"], decision["predictionId"])
        of_source = [item for item in earlier if recorded_source(item) == source]
        if any(_says(item, outcome) for item in of_source[-1:]) or any(
            _says(item, outcome) and sha256 in (item.get("sha256"), item.get("source"))
            for item in earlier
        ):
            return False
        replaces = earlier[-1]["predictionId"].rpartition("#")[2] if earlier else ""
        name = outcome_id(
            decision["predictionId"], outcome["outcome"], outcome["when"], replaces, source
        )
        item = outcome | {
            "clientId": decision["clientId"],
            "predictionId": OUTCOME + name,
            "of": decision["predictionId"],
            "decidedAt": decision["createdAt"],
            "toldAt": self._until,
            "source": source,
            "sha256": sha256,
            "day": key_of(OUTCOMES + self._until[:10], OUTCOME + name),
            SALT: new_salt(),
        }
        try:
            self._table.put_item(Item=item, ConditionExpression=Attr("predictionId").not_exists())
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _each(self, prefix: str, since: str) -> Iterator[Item]:
        days = [*self._days(since)]
        few = self._all_if_few(len(days) * len(keys_of(""))) if len(days) > GAP_DAYS else None
        if few is not None:
            yield from (item for item in few if _day(item) >= since)
            return
        for day in days:
            yield from self._of(keys_of(prefix + day), **_only(SHORT))

    def _all_if_few(self, keys: int) -> list[Item] | None:
        """Return all items of a table that has no more of them than the index has keys to ask.

        A query that finds nothing costs half a read unit, as an item of up to 4 KB of a scan does:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
        A bank that returns after seven years would ask the index 43,000 times instead.
        """
        items = [*islice(self._all(), keys + 1)]
        return items if len(items) <= keys else None

    def _held(self, days: list[list[str]], decisions: int) -> list[list[str]]:
        """Return the keys of each day less those without a decision, if the table is so small."""
        keys = sum(map(len, days))
        few = self._all_if_few(keys) if decisions < keys else None
        if few is None:
            return days
        held = {key for item in few if "decision" in item for key in _keys(item)}
        return [[key for key in of_day if key in held] for of_day in days]

    def _of(self, keys: list[str], *, newest_first: bool = False, **more: Any) -> Iterator[Item]:
        asked = {"IndexName": BY_DAY, "ScanIndexForward": not newest_first, **more}
        pages = (self._query(Key("day").eq(key), **asked) for key in keys)
        return merged(pages, newest_first=newest_first)

    def _days(self, since: str) -> Iterator[str]:
        day, last = date.fromisoformat(since), date.fromisoformat(self._until[:10])
        while day <= last:
            yield day.isoformat()
            day += timedelta(days=1)

    def _query(self, condition: Any, **more: Any) -> Iterator[Item]:
        return _pages(self._table.query, KeyConditionExpression=condition, **more)

    def _all(self) -> Iterator[Item]:
        return _pages(self._table.scan, **_only(SHORT))


def _day(item: Item) -> str:
    return str(item.get("toldAt") or item.get("createdAt", ""))[:10]


def _keys(item: Item) -> tuple[str, str]:
    """Return both keys that an item may have in the index, as `make migrate` may move it now."""
    return _day(item), key_of(_day(item), item["predictionId"])


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _says(item: Item, said: Item) -> bool:
    return all(item.get(name) == said.get(name) for name in ("outcome", "when", "granted"))


def _pages(read: Any, **asked: Any) -> Iterator[Item]:
    while True:
        page = read(**asked)
        yield from (plain(item) for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _only(names: set[str]) -> dict[str, Any]:
    placeholders = {f"#{name}": name for name in sorted(names)}  # some are reserved words
    return {
        "ProjectionExpression": ", ".join(placeholders),
        "ExpressionAttributeNames": placeholders,
    }


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else float(value)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value
