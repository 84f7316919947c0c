"""Verify this archive: name each record, policy, report or card that was changed, removed or added.

    python3 verify.py [--head HEX]

Needs Python 3.9 or newer, and nothing else. Ends with 1 if anything is wrong. HEX is the head of
the newest anchor, from the bank's locked bucket. See README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "code"))

from chalicelib.foundation.record_salt import ERASURE_OF
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.chain import Entry, NotAnAnchor

Files = Mapping[str, bytes]
Document = dict[str, Any]

MANIFEST, CODE = "manifest.json", "code/"
RECORDS, OBJECTS, CARDS = "records/", "objects/", "cards/"
MODELS = "models/manifests/"
STAYS = "clientId"  # a pseudonym takes its place in an erased record
NO_ERASURE = (
    "looks erased, and no anchor has its erasure: it was forged, or erased after the newest anchor"
)


def findings(files: Files, head: str = "") -> list[str]:
    """Return a sentence for each thing that is wrong; none if the archive is whole."""
    manifest, found = _manifest(files)
    anchors = [*_anchors(files, found)]
    found += chain.breaks(anchors)
    for wanted, source in ((manifest.get("head"), MANIFEST), (head, "the head that you gave")):
        if wanted and (not anchors or anchors[-1]["head"] != wanted):
            found.append(f"the newest anchor is not the one of {source}: {wanted}")
    entries: dict[str, list[Entry]] = {}
    for anchor in anchors:
        for entry in chain.entries_of(anchor):
            entries.setdefault(entry.id, []).append(entry)
    found += _rewritten(entries)
    found += _records(files, entries, str(manifest.get("from", "")), str(manifest.get("to", "~")))
    found += _objects(files, entries)
    found += _cards(files)
    return [*dict.fromkeys(found)]


def erased(files: Files) -> list[str]:
    """Return the ids of the records whose personal part was erased."""
    found = (record for _, record in _lines(files, []) if record_digest.is_erased(record))
    return sorted(record["predictionId"] for record in found)


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
    files: Files, entries: Mapping[str, list[Entry]], first: str, last: str
) -> Iterator[str]:
    found: list[str] = []
    seen: dict[str, str] = {}
    before = ("", "")
    for file, record in _lines(files, found):
        name = record["predictionId"]
        if name in seen:
            found.append(f"{_called(name)}: is there twice")
        elif (file, name) < before:
            found.append(f"{_called(name)}: is not in its place in {file}")
        before = (file, name)
        seen[name] = file
        found += _record(record, file, entries.get(name, []))
        if record_digest.is_erased(record) and ERASURE_OF + name not in entries:
            found.append(f"{_called(name)}: {NO_ERASURE}")
    yield from found
    for name, same in entries.items():
        if same[0].kept and first <= same[0].day <= last and name not in seen:
            yield f"{_called(name)} of {same[0].day}: is missing"


def _record(record: Document, file: str, same: list[Entry]) -> Iterator[str]:
    name = record["predictionId"]
    if not same:
        yield f"{_called(name)}: was added, or was stored too late: no anchor has it"
        return
    entry, digests = same[0], record_digest.digests(record)
    if file != f"{RECORDS}{entry.day}.jsonl":
        yield f"{_called(name)}: is of {entry.day} and stands in {file}"
    kept, personal = record_digest.split(record)
    if digests.kept != entry.kept:
        yield f"{_called(name)}: was changed in {_among(kept)}"
    elif digests.whole != entry.digest:
        yield f"{_called(name)}: was changed in {_features(record) or _among(personal)}"
    if record_digest.is_erased(record) and (more := sorted({*personal} - {STAYS})):
        yield f"{_called(name)}: is erased, and has {', '.join(more)}, which no anchor proves"


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


def _called(name: str) -> str:
    return f"{record_digest.kind(name)} {name}"


def _among(part: Document) -> str:
    return f"one of {', '.join(sorted(part))}" if part else "a field that is gone"


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the archive's files by name; what Python compiles is no part of it."""
    found = (path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in names.items() if "__pycache__" not in name}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--head", default="", help="the head that the newest anchor must have")
    files = read_folder(Path(__file__).resolve().parent)
    wrong = findings(files, parser.parse_args().head)
    for sentence in wrong:
        print(sentence)
    gone = erased(files)
    for name in gone:
        print(f"{_called(name)}: its personal part was erased; the rest is as anchored")
    records = sum(1 for _ in _lines(files, []))
    print(f"{records:,} records, {len(gone):,} of them erased; {len(wrong):,} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
