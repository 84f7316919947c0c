"""Logs of functions: a thread that still writes as they end leaves no file open."""

import logging
from pathlib import Path

import psutil

from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.services.lambda_.function_logs import kept_logs, printed_by


def test_a_line_after_the_end_opens_no_file(tmp_path: Path) -> None:
    logger, printing = logging.getLogger("of-this-test"), logging.StreamHandler()
    logger.addHandler(printing)
    with embedded_cloud(None), kept_logs(tmp_path, (logger.name,), type(printing), Disk()) as logs:
        logger.warning("in time")
        (late,) = [one for one in logger.handlers if one is not printing]
        files = list(logs._files.values())
    before = psutil.Process().num_fds()
    for handler in (late, *files):  # a thread may have either of them in its hands
        handler.handle(logging.makeLogRecord({"msg": "too late"}))
    with printed_by("another"):
        late.handle(logging.makeLogRecord({"msg": "too late"}))
    logger.removeHandler(printing)

    assert psutil.Process().num_fds() == before
    assert [one.read_text() for one in tmp_path.iterdir()] == ["in time\n"]
