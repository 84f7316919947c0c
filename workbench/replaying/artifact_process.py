"""A model from its artifact, in a process of its own: the code that serves it is the artifact's.

What is evaluated is verified first: the manifest is the recorded one, every member is what the
manifest says, and its code was released. So what runs is what ran when the decision was made.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.models import artifact
from chalicelib.scoring.branch_results import Scored

# SageMaker's own contract, so that artifacts of any age answer; a line an application.
PROGRAM = """
import json, sys
import inference
model = inference.model_fn(sys.argv[1])
for line in sys.stdin:
    try:
        asked = inference.input_fn(line, "application/json")
        answer = inference.output_fn(inference.predict_fn(asked, model), "application/json")
    except Exception as fault:  # whatever it is, it is about this application
        answer = json.dumps({"fault": str(fault) or type(fault).__name__})
    print(answer)
"""


class NotRecorded(Exception):
    """The artifact is not the one that was recorded."""


class NotScored(Exception):
    """The model gave no answer."""


def evaluate(
    body: bytes, sha256: str, applications: Sequence[Mapping[str, Any]]
) -> list[Scored | NotScored]:
    """Score the applications. Raises NotRecorded unless the artifact has the hash `sha256`."""
    members = verified(body, sha256)
    with tempfile.TemporaryDirectory(prefix="artifact-") as folder:
        for name, content in members.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        lines = "".join(json.dumps(application) + "\n" for application in applications)
        return [_answer(line) for line in _run(folder, lines).splitlines()]


def verified(body: bytes, sha256: str) -> dict[str, bytes]:
    """Return the artifact's members. Raises NotRecorded, naming the member that differs."""
    try:
        members = dict(artifact.members(body))
    except InvalidArtifact as fault:
        raise NotRecorded(str(fault)) from fault
    manifest = members.get("manifest.json", b"")
    if hashlib.sha256(manifest).hexdigest() != sha256:
        raise NotRecorded("manifest.json is not the recorded one")
    stated = json.loads(manifest)["members"]
    for name in sorted({*stated, *members} - {"manifest.json"}):
        if name not in members:
            raise NotRecorded(f"{name} is missing")
        digest = hashlib.sha256(members[name]).hexdigest()
        if digest != stated.get(name):
            raise NotRecorded(f"{name} is not the recorded one")
        if name.startswith("code/") and artifact.released_code().get(digest) != name[5:]:
            raise NotRecorded(f"{name} is no code of this bank's releases")
    return members


def _run(folder: str, lines: str) -> str:
    # Nothing of this process's environment, where credentials may be, is the model's business.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, folder],
        cwd=Path(folder, "code"),
        env={**environment, "OMP_NUM_THREADS": "1"},
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotRecorded(f"its own code does not load it here: {reason}")
    return done.stdout


def _answer(line: str) -> Scored | NotScored:
    answer = json.loads(line)
    if "fault" in answer:
        return NotScored(answer["fault"])
    return msgspec.convert({**answer, "status": "OK"}, Scored)
