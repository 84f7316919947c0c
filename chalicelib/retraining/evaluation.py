"""The function evaluateModel: the verdict on a challenger, and its report."""

import hashlib
from typing import Any

import msgspec

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.models import artifact
from chalicelib.profile import Profile
from chalicelib.retraining import challenge_report, gate
from chalicelib.retraining.peer_flips import peer_flips
from chalicelib.retraining.retraining_files import RetrainingFiles, report_key
from chalicelib.retraining.swap_set import Recent, swap_set, turns

Document = dict[str, Any]

MOST_PEERS = 50  # in a report; all are judged


def evaluate(event: Document, profile: Profile, files: RetrainingFiles) -> Document:
    """Return the verdict with every reason, and store the report with the swap set."""
    model, version = event["model"], event["version"]
    place = report_key(model, version)
    facts = msgspec.json.decode(files.read(f"{place}evaluation.json"))
    digest, faults = _of_artifact(event, facts, profile, files)
    lines = files.read_if_there(f"{place}decisions.jsonl") or b""
    recent = msgspec.json.Decoder(Recent).decode_lines(lines)
    turned = [*turns(recent, model, profile.policy)]
    # The three challengers of a snapshot come alone, and know the same codes.
    peers = peer_flips([*turns(recent, model, profile.policy, alone=True)])
    reasons = [*faults, *_of_facts(facts, profile), *_of_peers(peers, profile)]
    report: Document = {
        "model": model,
        "version": version,
        "snapshot": event["snapshot"],
        "verdict": "rejected" if reasons else "passed",
        "reasons": reasons,
        "facts": facts,
        "swapSet": swap_set(recent, turned) | {"peers": peers[:MOST_PEERS]} if recent else None,
        "page": files.url(f"{place}report.html"),
    }
    files.write(f"{place}report.json", msgspec.json.encode(report), "application/json")
    files.write(f"{place}report.html", challenge_report.page(report).encode(), "text/html")
    return {
        **{name: report[name] for name in ("verdict", "reasons")},
        "report": report["page"],
        "sha256": digest,
        "notice": challenge_report.notice(report),
    }


def _of_artifact(
    event: Document, facts: Document, profile: Profile, files: RetrainingFiles
) -> tuple[str, list[str]]:
    """Return the archive's SHA-256 and its faults."""
    try:
        body = files.artifact(event["job"])
    except InvalidArtifact as fault:
        return "", [f"artefacto: {fault.fault.es}"]
    digest = hashlib.sha256(body).hexdigest()
    try:
        verified = artifact.verify(body, event["model"], event["version"], profile)
    except InvalidArtifact as fault:
        return digest, [f"artefacto: {fault.fault.es}"]
    if facts.get("sha256", verified.sha256) != verified.sha256:
        return digest, ["artefacto: no es el que se midió; repita el entrenamiento"]
    return digest, []


def _of_facts(facts: Document, profile: Profile) -> list[str]:
    if "refused" in facts:
        return [f"medición: {facts['refused']}"]
    measured = msgspec.convert(facts, gate.Facts)
    return [f"{one.rule}: {one.told}" for one in gate.reasons(measured, profile.gate)]


def _of_peers(peers: list[Document], profile: Profile) -> list[str]:
    measured = msgspec.convert(peers, list[gate.Flips])
    return [f"{one.rule}: {one.told}" for one in gate.peer_reasons(measured, profile.gate)]
