"""Logs of functions: a file for each function, and CloudWatch metrics of its EMF lines."""

import json
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import boto3

from localcloud.kept_state.sqlite.disk import Disk
from localcloud.kept_state.state_faults import require_file, usable

LARGEST_FILE = 10 * 2**20
SECONDS_BETWEEN_METRICS = 5.0  # a put takes 10 ms, for which requests wait
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
MOST_DATA = 1_000  # of a request

_printing: ContextVar[str] = ContextVar("printing", default="api")

Series = tuple[str, str, str, tuple[tuple[str, str], ...]]  # namespace, name, unit, dimensions


@contextmanager
def printed_by(function: str) -> Iterator[None]:
    token = _printing.set(function)
    try:
        yield
    finally:
        _printing.reset(token)


@contextmanager
def kept_logs(
    folder: Path | None, loggers: tuple[str, ...], printing: type[logging.Handler], disk: Disk
) -> Iterator["FunctionLogs"]:
    """Write the output of the loggers' handlers to `folder` until the end. Raises UnusableState if
    the folder cannot be made.
    """
    logs = FunctionLogs(folder, disk)
    with ExitStack() as undo:
        undo.callback(logs.close)
        for name in loggers:
            logger = logging.getLogger(name)
            for handler in [one for one in logger.handlers if isinstance(one, printing)]:
                instead = _Passing(logs, handler)
                logger.removeHandler(handler)
                logger.addHandler(instead)
                undo.callback(logger.addHandler, handler)
                undo.callback(logger.removeHandler, instead)
        yield logs


class FunctionLogs:
    def __init__(self, folder: Path | None, disk: Disk) -> None:
        self.folder = folder
        self._disk = disk
        with usable():
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                for kept in folder.glob("*.jsonl*"):  # a line can't be written to a folder
                    require_file(kept)
        self._files: dict[str, logging.Handler] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._metrics = _Metrics()

    def write(self, line: str) -> None:
        if line.startswith('{"_aws"'):
            self._metrics.add(json.loads(line))
        with self._lock:
            file = self._file(_printing.get())
        if file:
            file.handle(logging.makeLogRecord({"msg": line}))

    def flush_metrics(self) -> None:
        self._metrics.put()

    def close(self) -> None:
        """Close the files. A line that a thread writes later is lost, and opens none."""
        self._metrics.close()
        with self._lock:
            self._closed = True
            for file in self._files.values():
                with suppress(OSError):  # what does not fit any more
                    file.close()

    def _file(self, function: str) -> logging.Handler | None:
        if self._closed:
            return None
        if self.folder and function not in self._files:
            self._files[function] = _LinesFile(self.folder / f"{function}.jsonl", self._disk)
        return self._files.get(function)


class _LinesFile(RotatingFileHandler):
    """Lines of one function. A line that can't be written is counted: a log stops no request."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._disk = disk
        self._ended = False
        super().__init__(path, maxBytes=LARGEST_FILE, backupCount=1, encoding="utf-8", delay=True)

    def emit(self, record: logging.LogRecord) -> None:
        if not self._ended:  # logging opens a closed file again
            super().emit(record)

    def close(self) -> None:
        self._ended = True
        super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's own
        self._disk.lost_a_line()


class _Passing(logging.Handler):
    """Formats as the handler whose place it takes."""

    def __init__(self, logs: FunctionLogs, instead_of: logging.Handler) -> None:
        super().__init__()
        self._logs = logs
        self.setFormatter(instead_of.formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self._logs.write(self.format(record))


def _datum(series: Series, values: list[float]) -> dict[str, Any]:
    _, name, unit, dimensions = series
    return {
        "MetricName": name,
        "Unit": unit,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        "StatisticValues": {
            "SampleCount": len(values),
            "Sum": sum(values),
            "Minimum": min(values),
            "Maximum": max(values),
        },
    }


class _Metrics:
    """Metrics of the functions, stored every few seconds as one statistic a series.

    A request must not wait for it, and moto keeps every value that it is given.
    """

    def __init__(self) -> None:
        self._client: Any = boto3.client("cloudwatch")
        self._waiting: dict[Series, list[float]] = defaultdict(list)
        self._lock = threading.Lock()
        self._putting = threading.Lock()  # who flushes waits for what is being put
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="metrics", daemon=True)
        self._thread.start()

    def add(self, emf: dict[str, Any]) -> None:
        with self._lock:
            for directive in emf["_aws"]["CloudWatchMetrics"]:
                for metric in directive["Metrics"]:
                    for names in directive["Dimensions"]:
                        dimensions = tuple((name, emf[name]) for name in names)
                        unit = metric.get("Unit", "None")
                        series = (directive["Namespace"], metric["Name"], unit, dimensions)
                        self._waiting[series] += emf[metric["Name"]]

    def put(self) -> None:
        with self._putting:
            with self._lock:
                waiting, self._waiting = self._waiting, defaultdict(list)
            self._send(waiting)

    def _send(self, waiting: dict[Series, list[float]]) -> None:
        data: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for series, values in waiting.items():
            data[series[0]].append(_datum(series, values))
        for namespace, found in data.items():
            for start in range(0, len(found), MOST_DATA):
                some = found[start : start + MOST_DATA]
                self._client.put_metric_data(Namespace=namespace, MetricData=some)

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed.wait(SECONDS_BETWEEN_METRICS):
            self.put()
