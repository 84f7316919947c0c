"""Start of `chalice local`: what it says, and what it refuses."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

WITHOUT_GATEWAY = (
    "chalice local has no API Gateway in front. It asks for the API key that `python -m bank env` "
    "exports, and refuses every keyed route without one. It does not check Host and Origin, and it "
    'answers a path or a method that it does not know with Chalice\'s own {"message": …}. '
    "`make run` serves the API as AWS does."
)
RESTARTS = (
    "\nchalice local restarts when a file below {project} changes, in the middle of a request, and "
    "each prediction changes files in {folder}. Start it with --no-autoreload. If it is to restart "
    "for your code, keep the bank's state elsewhere: make run LOCALCLOUD_FOLDER=/another/folder"
)
# Chalice's reloader sets the first for the process that it restarts; `python -m bank env` exports
# the second.
RELOADED, STATE_FOLDER = "CHALICE_WORKER", "LOCALCLOUD_FOLDER"


def start(argv: Sequence[str], environ: Mapping[str, str], project: Path) -> None:
    """Say what `chalice local` lacks, if this is it. End the process if its reloader would take
    the bank's state for code: it watches all files below the project.
    """
    if not _is_chalice_local(argv):
        return
    folder = environ.get(STATE_FOLDER)
    if folder and RELOADED in environ and Path(folder).resolve().is_relative_to(project.resolve()):
        end(RESTARTS.format(project=project, folder=folder), environ)
    print(WITHOUT_GATEWAY, file=sys.stderr)


def end(sentence: str, environ: Mapping[str, str]) -> NoReturn:
    """End the process with the sentence. Chalice's reloader imports the app in a thread, where
    SystemExit ends that thread alone, without a word.
    """
    if RELOADED not in environ:
        raise SystemExit(sentence)
    print(sentence, file=sys.stderr, flush=True)
    os._exit(1)


def _is_chalice_local(argv: Sequence[str]) -> bool:
    """Return whether this process is `chalice local`, which gives an app no other sign of it."""
    return bool(argv) and Path(argv[0]).name == "chalice" and "local" in argv[1:]
