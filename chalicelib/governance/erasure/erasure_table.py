"""Adapter of the tables for the function eraseClient, which alone deletes records there.

The record of an erasure is written first, and names the client until the erasure is finished: then
it has a salted hash. Each step and its count are one transaction, so that an erasure that was
killed goes on where it stopped. Each erased record leaves a mark of its own, which the chain of the
evidence anchors; no mark leads to the client.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.decisions.day_index import ERASURE_DAYS, key_of
from chalicelib.foundation.dynamodb_items import as_table_unavailable, from_item, to_item
from chalicelib.foundation.errors import TableUnavailable
from chalicelib.foundation.expiry import EXPIRES
from chalicelib.foundation.record_salt import ERASURE, ERASURE_OF, ERASURES, PSEUDONYM
from chalicelib.governance.evidence import record_digest
from chalicelib.governance.evidence.record_log import record_of
from chalicelib.governance.policies.times import written_at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = dict[str, Any]

OPEN, SWEEP, LATE = "open#", "sweep#", "late#"
CLAIMS, CASES = "claims", "cases"
COUNTED = ("loans", "decisions", CLAIMS, CASES)
STEP = 10  # records a transaction, with three actions each; DynamoDB allows 100 actions


class ErasureTable:
    """The table of decisions, and the one of reviewers' cases. A step that another erasure of the
    client took first changes nothing.
    """

    def __init__(self, client: "DynamoDBClient", table: str, queue: str) -> None:
        self._client = client
        self._table = table
        self._queue = queue

    def begin(self, client_id: str, order: Mapping[str, Any]) -> Record:
        """Return the client's open erasure, or a new one by the `order`; of two callers at once
        both return the same.
        """
        erasure = {
            "clientId": ERASURES,
            "predictionId": OPEN + client_id,
            **order,
            "pseudonym": f"{PSEUDONYM}{secrets.token_hex(16)}",
            **dict.fromkeys(COUNTED, 0),
        }
        with as_table_unavailable():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(erasure),
                    ConditionExpression="attribute_not_exists(predictionId)",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                # Between the two calls another caller may have finished it: nothing is left then.
                return self._stored(erasure) or erasure
        return erasure

    def unfinished(self, before: datetime) -> Iterator[Record]:
        """Yield the order of each open erasure that was begun until a time, with its clientId."""
        for erasure in self._query(self._table, ERASURES, OPEN):
            if erasure["at"] <= written_at(before):
                client_id = erasure["predictionId"].removeprefix(OPEN)
                order = {"clientId": client_id, "reason": erasure["reason"], "by": erasure["by"]}
                repeated = erasure.get("repeatOf")
                yield order | ({"until": repeated} if repeated else {})

    def records(self, client_id: str) -> list[Record]:
        """Return all records of a client as stored, with their salts. An item that no JSON can have
        is one as the evidence has it.
        """
        return [record_of(item) for item in self._items(self._table, client_id)]

    def cases(self, client_id: str) -> list[Record]:
        """Return all cases of a client, open and closed."""
        return list(self._query(self._queue, client_id))

    def pseudonymise(
        self, erasure: Record, counted: str, records: Sequence[Record], now: datetime
    ) -> None:
        """Put the kept part of the records under the pseudonym, each with a mark, and delete them.

        The marks are of the day `now`, in UTC.
        """
        for step in _steps(records):
            moved = [_pseudonymised(record, erasure["pseudonym"]) for record in step]
            marks = [_mark(record, now) for record in step]
            puts = map(self._put, [*moved, *marks])
            self._take(erasure, counted, [*puts, *map(self._delete, step)], len(step))

    def delete_claims(self, erasure: Record, claims: Sequence[Record]) -> None:
        for step in _steps(claims):
            self._take(erasure, CLAIMS, map(self._delete, step), len(step))

    def delete_cases(self, erasure: Record, cases: Sequence[Record]) -> None:
        for step in _steps(cases):
            gone = (self._delete(case, self._queue) for case in step)
            self._take(erasure, CASES, gone, len(step))

    def finish(self, erasure: Record, facts: Mapping[str, Any], now: datetime) -> Record:
        """Close the erasure with its `facts`, and return it as it is kept: without the pseudonym,
        so that nothing leads from the client to the records.
        """
        counted = self._stored(erasure)
        if counted is None:  # another call of the same erasure closed it
            return _closed(erasure, facts, now)
        done = _closed(counted, facts, now)
        sweeps = [] if "repeatOf" in erasure else [_sweep(done)]
        if not self._write([*map(self._put, [done, *sweeps]), self._delete(erasure)]):
            raise TableUnavailable  # another call closed it at the same time
        return done

    def to_sweep(self, before: datetime) -> Iterator[Record]:
        """Yield the sweep that each erasure which was begun until a time still needs."""
        for sweep in self._query(self._table, ERASURES, SWEEP):
            if sweep["at"] <= written_at(before):
                yield sweep

    def swept(self, sweep: Record) -> None:
        self._write([self._delete(sweep)])

    def ordered_since(self, at: datetime) -> list[Record]:
        """Return the erasures that were ordered from a time on: the open ones first, so that one
        which is finished meanwhile is among them.
        """
        since = written_at(at)
        opened = [one for one in self._query(self._table, ERASURES, OPEN) if one["at"] >= since]
        return [*opened, *self._query(self._table, ERASURES, ERASURE, since)]

    def erased_records(self, beginning: str) -> Iterator[str]:
        """Yield the ids of erased records that begin so."""
        for mark in self._query(self._table, ERASURES, ERASURE_OF + beginning):
            yield mark["predictionId"].removeprefix(ERASURE_OF)

    def note_late(self, client_id: str, erasure: Record, now: datetime) -> None:
        """Note that a client got a record during or after their erasure."""
        name = {"clientId": ERASURES, "predictionId": LATE + client_id}
        ordered = {key: erasure[key] for key in ("reason", "by")}
        late = {**name, **ordered, "at": written_at(now), "until": erasure["at"]}
        with as_table_unavailable():
            self._client.put_item(TableName=self._table, Item=to_item(late))

    def late(self, before: datetime) -> Iterator[Record]:
        """Yield what was noted as late until a time."""
        for late in self._query(self._table, ERASURES, LATE):
            if late["at"] <= written_at(before):
                yield late

    def _stored(self, erasure: Record) -> Record | None:
        with as_table_unavailable():
            found = self._client.get_item(
                TableName=self._table, Key=_key(erasure), ConsistentRead=True
            )
        return from_item(found["Item"]) if "Item" in found else None

    def _take(self, erasure: Record, counted: str, actions: Iterable[Record], gone: int) -> None:
        count = {
            "Update": {
                "TableName": self._table,
                "Key": _key(erasure),
                "UpdateExpression": "ADD #counted :count",
                "ConditionExpression": "attribute_exists(predictionId)",
                "ExpressionAttributeNames": {"#counted": counted},
                "ExpressionAttributeValues": to_item({":count": gone}),
            }
        }
        self._write([count, *actions])

    def _write(self, actions: list[Record]) -> bool:
        """Carry out all actions or none, and return whether they were. After a cancelled
        transaction the caller reads again.
        """
        with as_table_unavailable():
            try:
                self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
            except self._client.exceptions.TransactionCanceledException:
                return False
        return True

    def _put(self, record: Record) -> Record:
        return {"Put": {"TableName": self._table, "Item": to_item(record)}}

    def _delete(self, record: Record, table: str = "") -> Record:
        return {
            "Delete": {
                "TableName": table or self._table,
                "Key": _key(record),
                "ConditionExpression": "attribute_exists(predictionId)",
            }
        }

    def _query(
        self, table: str, partition: str, prefix: str = "", first: str = ""
    ) -> Iterator[Record]:
        """Return the records of a partition whose ids have a prefix, from `first` behind it on."""
        return map(from_item, self._items(table, partition, prefix, first))

    def _items(
        self, table: str, partition: str, prefix: str = "", first: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        condition, values = "clientId = :client", {":client": partition}
        if first:
            condition += " AND predictionId BETWEEN :first AND :last"
            values |= {":first": prefix + first, ":last": f"{prefix}~"}
        elif prefix:
            condition += " AND begins_with(predictionId, :prefix)"
            values[":prefix"] = prefix
        with as_table_unavailable():
            pages = self._client.get_paginator("query").paginate(
                TableName=table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=to_item(values),
                ConsistentRead=True,
            )
            for page in pages:
                yield from page["Items"]


def _pseudonymised(record: Record, pseudonym: str) -> Record:
    """Return the kept part of a record under the pseudonym. Its end stays, and its place in the
    index, where the evidence looks for it.
    """
    stays = {name: record[name] for name in ("day", EXPIRES) if name in record}
    return record_digest.erased(record) | stays | {"clientId": pseudonym}


def _steps(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    return (records[first : first + STEP] for first in range(0, len(records), STEP))


def _key(record: Record) -> Record:
    return to_item({name: record[name] for name in ("clientId", "predictionId")})


def _mark(record: Record, now: datetime) -> Record:
    """Return the mark of a record's erasure, which lives as long as what is left of the record."""
    name = ERASURE_OF + record["predictionId"]
    lives = {EXPIRES: record[EXPIRES]} if EXPIRES in record else {}
    return {"clientId": ERASURES, "predictionId": name, "day": _day(name, now), **lives}


def _closed(erasure: Record, facts: Mapping[str, Any], now: datetime) -> Record:
    """Return a finished erasure, with a salted hash of the client: who asks about them is shown."""
    name, salt = f"{ERASURE}{erasure['at']}#{secrets.token_hex(8)}", secrets.token_hex(16)
    client = _hash(salt, erasure["predictionId"].removeprefix(OPEN))
    stays = {key: value for key, value in erasure.items() if key != "pseudonym"}
    of_client = {"salt": salt, "client": client, "day": _day(name, now)}
    return {**stays, **facts, **of_client, "predictionId": name}


def _sweep(done: Record) -> Record:
    """Return the order to look later for what was under way during an erasure."""
    stays = {name: done[name] for name in ("clientId", "at", "reason", "by", "salt", "client")}
    return {**stays, "predictionId": done["predictionId"].replace(ERASURE, SWEEP, 1)}


def is_of(erasure: Record, client_id: str) -> bool:
    """Return whether an erasure, or its sweep, is of a client."""
    if erasure["predictionId"].startswith(OPEN):
        return bool(erasure["predictionId"] == OPEN + client_id)
    return hmac.compare_digest(erasure["client"], _hash(erasure["salt"], client_id))


def _day(name: str, now: datetime) -> str:
    return key_of(ERASURE_DAYS + now.date().isoformat(), name)


def _hash(salt: str, client_id: str) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + client_id.encode()).hexdigest()
