"""The rules of the archive's verifier: a sentence for each change, removal or addition.

The evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.foundation.record_salt import ERASURE_OF
from chalicelib.governance.archive import claimed_period, decision_claim, erasure_marks
from chalicelib.governance.archive.claimed_period import RECORDS, Period
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.chain import Entry, NotAnAnchor

Files = Mapping[str, bytes]
Document = dict[str, Any]

MANIFEST = "manifest.json"
OBJECTS, CARDS = "objects/", "cards/"
MODELS = "models/manifests/"
ANY = Period("", "")
STAYS = "clientId"  # a pseudonym takes its place in an erased record
NO_ERASURE = (
    "looks erased, and no anchor has its erasure: it was forged, or erased after the newest anchor"
)

NO_RECORD = "is no record that the bank's functions write; its line has the item as DynamoDB has it"


def findings(
    files: Files, heads: Sequence[str] = (), asked: Period = ANY, decision: str = ""
) -> list[str]:
    """Return a sentence for each thing that is wrong; none if the archive is whole.

    `heads` are of anchors, `asked` is the period and `decision` an id, as the examiner has them
    from elsewhere. A head is the newest anchor's; in the pack of a decision, that of any.
    """
    manifest, found = _manifest(files)
    anchors = [*_anchors(files, found)]
    claim, records = decision_claim.claimed(manifest), _by_id(files)
    entries = entries_of(anchors)
    found += decision_claim.breaks(anchors) if claim else chain.breaks(anchors)
    found += _heads(anchors if claim else anchors[-1:], str(manifest.get("head", "")), heads)
    found += decision_claim.findings(claim, decision, asked, files, records)
    found += _rewritten(entries)
    if claim:
        found += _records(files, entries, lambda entry: decision_claim.belongs(entry.id, claim))
        return [*dict.fromkeys(found)]
    period, newest = claimed_period.claimed(manifest), anchors[-1]["day"] if anchors else ""
    found += claimed_period.findings(period, asked, files, newest)
    days = claimed_period.covered(period, files)
    found += _records(files, entries, lambda entry: entry.day in days)
    found += erasure_marks.findings(anchors, records)
    found += _objects(files, entries)
    found += _cards(files)
    return [*dict.fromkeys(found)]


def erased(files: Files) -> list[str]:
    """Return the ids of the records whose personal part was erased."""
    found = (record for _, record in _lines(files, []) if record_digest.is_erased(record))
    return sorted(record["predictionId"] for record in found)


def record_ids(files: Files) -> set[str]:
    return {*_by_id(files)}


def manifest_of(files: Files) -> Document:
    """Return the manifest as it is, empty if it can't be read."""
    return _manifest(files)[0]


def period_of(files: Files) -> Period:
    return claimed_period.claimed(_manifest(files)[0])


def anchors_of(files: Files) -> list[Document]:
    """Return the anchors that are whole, the earliest first."""
    return [*_anchors(files, [])]


def missing(entry: Entry) -> str:
    return f"{called(entry.id)} of {entry.day}: is missing"


def manifest_digest(manifest: Document) -> str:
    stated = {name: value for name, value in manifest.items() if name != "digest"}
    return record_digest.sha256(record_digest.canonical(stated))


def _manifest(files: Files) -> tuple[Document, list[str]]:
    """Return the manifest, empty if it can't be read, and what differs from it."""
    try:
        manifest: Document = json.loads(files.get(MANIFEST, b""))
        whole = record_digest.canonical(manifest) == files[MANIFEST]
        listed = dict(manifest["files"])
        if not whole or manifest["digest"] != manifest_digest(manifest):
            return manifest, [f"{MANIFEST}: was changed"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}, [f"{MANIFEST}: is missing or can't be read"]
    found = [f"{name}: is missing" for name in listed if name not in files]
    found += [f"{name}: was added" for name in files if name not in (*listed, MANIFEST)]
    for name in sorted({*files} & {*listed}):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            found.append(f"{name}: was changed")
    return manifest, found


def _heads(anchors: Sequence[Document], stated: str, given: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each head that none of these anchors has."""
    there = [anchor["head"] for anchor in anchors]
    for source, wanted in ((MANIFEST, [stated]), ("the head that you gave", given)):
        for head in wanted:
            if head and head not in there:
                yield f"the newest anchor is not the one of {source}: {head}"


def _by_id(files: Files) -> dict[str, Document]:
    return {record["predictionId"]: record for _, record in _lines(files, [])}


def _anchors(files: Files, found: list[str]) -> Iterator[Document]:
    """Yield the anchors that are whole, the earliest first, and add the others to `found`."""
    for name in sorted(files):
        if name.startswith(chain.PREFIX):
            try:
                anchor = chain.read(files[name])
            except NotAnAnchor as fault:
                found.append(f"{name}: {fault}")
                continue
            if chain.key(anchor["day"]) != name:
                found.append(f"{name}: is the anchor of {anchor['day']}")
            yield anchor


def entries_of(anchors: list[Document]) -> dict[str, list[Entry]]:
    """Return the entries of all anchors by the id of what they are of, the earliest first."""
    entries: dict[str, list[Entry]] = {}
    for anchor in anchors:
        for entry in chain.entries_of(anchor):
            entries.setdefault(entry.id, []).append(entry)
    return entries


def _rewritten(entries: Mapping[str, list[Entry]]) -> Iterator[str]:
    for name, same in entries.items():
        if len({entry.digest for entry in same}) > 1:
            yield f"{same[0].kind} {name}: was rewritten after it was anchored ({same[0].day})"


def _lines(files: Files, found: list[str]) -> Iterator[tuple[str, Document]]:
    """Yield the records with the names of their files, and add what can't be read to `found`."""
    for name in sorted(one for one in files if one.startswith(RECORDS)):
        for number, line in enumerate(files[name].splitlines(), start=1):
            try:
                record: Document = json.loads(line)
                record_digest.digests(record)
                str.partition(record["predictionId"], "#")
            except (ValueError, KeyError, TypeError, AttributeError):
                found.append(f"{name}, line {number}: can't be read")
                continue
            yield name, record


def _records(
    files: Files, entries: Mapping[str, list[Entry]], is_claimed: Callable[[Entry], bool]
) -> Iterator[str]:
    found: list[str] = []
    seen: dict[str, str] = {}
    before = ("", "")
    for file, record in _lines(files, found):
        name = record["predictionId"]
        if name in seen:
            found.append(f"{called(name)}: is there twice")
        elif (file, name) < before:
            found.append(f"{called(name)}: is not in its place in {file}")
        before = (file, name)
        seen[name] = file
        found += _record(record, file, entries.get(name, []))
        if record_digest.is_erased(record) and ERASURE_OF + name not in entries:
            found.append(f"{called(name)}: {NO_ERASURE}")
    yield from found
    for name, same in entries.items():
        if same[0].kept and is_claimed(same[0]) and name not in seen:
            yield missing(same[0])


def _record(record: Document, file: str, same: list[Entry]) -> Iterator[str]:
    name = record["predictionId"]
    if not same:
        yield f"{called(name)}: was added, or was stored too late: no anchor has it"
        return
    entry, digests = same[0], record_digest.digests(record)
    if file != claimed_period.file_of(entry.day):
        yield f"{called(name)}: is of {entry.day} and stands in {file}"
    if record_digest.UNREADABLE in record:
        yield f"{called(name)}: {NO_RECORD}"
    kept, personal = record_digest.split(record)
    if digests.kept != entry.kept:
        yield f"{called(name)}: was changed in {_among(kept)}"
    elif digests.whole != entry.digest:
        yield f"{called(name)}: was changed in {_features(record) or _among(personal)}"
    if record_digest.is_erased(record) and (more := sorted({*personal} - {STAYS})):
        yield f"{called(name)}: is erased, and has {', '.join(more)}, which no anchor proves"


def _features(record: Document) -> str:
    """Return the features of a decision that differ from their marks: see replay_evidence.py."""
    application, proof = record.get("application"), record.get("evidence")
    marks = proof.get("features") if isinstance(proof, dict) else None
    if not isinstance(application, dict) or not isinstance(marks, dict):
        return ""
    changed = (
        name
        for name in {*application, *marks}
        if name not in application or marks.get(name) != _mark(name, application[name])
    )
    return ", ".join(f"application.{name}" for name in sorted(changed))


def _mark(name: str, value: Any) -> str:
    same = int(value) if isinstance(value, float) and value.is_integer() else value
    return hashlib.sha256(json.dumps([name, same]).encode()).hexdigest()[:16]


def _objects(files: Files, entries: Mapping[str, list[Entry]]) -> Iterator[str]:
    there = {name[len(OBJECTS) :] for name in files if name.startswith(OBJECTS)}
    for name, same in entries.items():
        if same[0].kept:
            continue
        if name not in there:
            yield f"{same[0].kind} {name}: is missing"
        elif hashlib.sha256(files[OBJECTS + name]).hexdigest() != same[-1].digest:
            yield f"{same[0].kind} {name}: was changed"
    for name in sorted(there - {*entries}):
        yield f"{OBJECTS}{name}: was added: no anchor has it"


def _cards(files: Files) -> Iterator[str]:
    """Yield what differs from the cards that the models' anchored manifests have the hashes of."""
    wanted = dict(_listed_cards(files))
    for card, digest in sorted(wanted.items()):
        if card not in files:
            yield f"{card}: is missing"
        elif hashlib.sha256(files[card]).hexdigest() != digest:
            yield f"{card}: was changed"
    for name in sorted(files):
        if name.startswith(CARDS) and name not in wanted:
            yield f"{name}: is the card of no anchored model"


def _listed_cards(files: Files) -> Iterator[tuple[str, str]]:
    """Yield each card's name with its hash, by the manifests of the models."""
    for name in files:
        if name.startswith(OBJECTS + MODELS):
            try:
                yield card_of(name[len(OBJECTS) :]), json.loads(files[name])["members"]["card.html"]
            except (ValueError, KeyError, TypeError):
                continue  # it has no card, or was changed, which _objects names


def card_of(manifest_id: str) -> str:
    """Return the name of the card of a model's manifest."""
    return f"{CARDS}{manifest_id[len(MODELS) : -len('.json')]}.html"


def called(name: str) -> str:
    return f"{record_digest.kind(name)} {name}"


def _among(part: Document) -> str:
    return f"one of {', '.join(sorted(part))}" if part else "a field that is gone"
