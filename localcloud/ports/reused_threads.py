"""Threads that are used again: making one takes longer than most of what runs in them.

They are daemons, as moto's own are: whatever still runs does not keep the process from its end.
"""

import contextvars
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
IDLE_SECONDS = 30.0


class OutOfTime(Exception):
    """A wait that ended first: what was asked goes on."""


class Threads:
    """Threads that run one thing after the other. One ends that had nothing to do for long."""

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        # who worked last works first: its stack is still in the caches
        self._idle: list[SimpleQueue[Callable[[], Any]]] = []

    def begin(self, do: Callable[[], Any]) -> None:
        """Run something in another thread, in the caller's context."""
        whole = contextvars.copy_context()
        try:
            todo = self._idle.pop()
        except IndexError:
            todo = SimpleQueue()
            threading.Thread(target=self._work, args=[todo], name="reused", daemon=True).start()
        todo.put(lambda: whole.run(do))

    def _work(self, todo: SimpleQueue[Callable[[], Any]]) -> None:
        while do := self._next(todo):
            try:
                do()
            except BaseException:  # noqa: BLE001 - the thread's boundary, as Thread.run has it
                threading.excepthook(
                    threading.ExceptHookArgs([*sys.exc_info(), threading.current_thread()])
                )
            del do  # an idle thread holds nothing of what it ran
            self._idle.append(todo)

    def _next(self, todo: SimpleQueue[Callable[[], Any]]) -> Callable[[], Any] | None:
        """Wait for what is to do. Return None after the idle time: this thread gets no more."""
        with suppress(Empty):
            return todo.get(timeout=self._idle_seconds)
        try:
            self._idle.remove(todo)
        except ValueError:  # it was taken just now
            return todo.get()
        return None


begin = Threads(IDLE_SECONDS).begin


def within(seconds: float | None, do: Callable[[], T]) -> T:
    """Return what `do` returns in another thread. Raises what it raises, or OutOfTime."""
    ended: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def answer() -> None:
        try:
            ended.put((True, do()))
        except BaseException as fault:  # noqa: BLE001 - it is raised where its caller waits
            ended.put((False, fault))

    begin(answer)
    try:
        is_answer, found = ended.get(timeout=seconds)
    except Empty:
        raise OutOfTime from None
    if not is_answer:
        raise found
    answered: T = found
    return answered


class Signal:
    """Stand-in for threading.Event where one thread waits for another, which sets it once.

    It is a lock alone: an Event takes a condition, two locks and a list, in Python.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        self._is_set = True
        with suppress(RuntimeError):  # it is set already
            self._lock.release()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is set, and return whether it is."""
        found = self._lock.acquire(timeout=-1 if seconds is None else seconds)
        if found:
            self._lock.release()
        return found

    def is_set(self) -> bool:
        return self._is_set


class ReusedThread:
    """Stand-in for threading.Thread where moto starts one and never joins it."""

    def __init__(self, target: Callable[[], Any], *, daemon: bool = True) -> None:
        if not daemon:
            raise ValueError("A reused thread is a daemon: take threading.Thread.")
        self._target = target

    @property
    def native_id(self) -> int:
        return threading.get_native_id()

    def start(self) -> None:
        begin(self._target)
        del self._target  # it may hold this thread: only a collection would find the two
