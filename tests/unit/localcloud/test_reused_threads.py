"""Reused threads: each task runs once, in a thread that is there, and idle threads end."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from localcloud.ports.reused_threads import Threads

SECONDS = 20  # to wait at most


def run_in(threads: Threads, do: Callable[[], Any]) -> Any:
    answers: SimpleQueue[Any] = SimpleQueue()
    threads.begin(lambda: answers.put(do()))
    return answers.get(timeout=SECONDS)


def test_an_idle_thread_ends_and_another_takes_the_next_task() -> None:
    threads = Threads(idle_seconds=0.01)

    first = run_in(threads, threading.current_thread)
    first.join(SECONDS)

    assert not first.is_alive()
    assert run_in(threads, threading.current_thread) is not first


def test_one_thread_runs_one_task_after_the_other() -> None:
    threads = Threads(idle_seconds=SECONDS)
    ran = []
    for _ in range(20):
        ran.append(run_in(threads, threading.current_thread))
        threading.Event().wait(0.01)  # the thread becomes idle after it answered

    assert len(set(ran)) == 1


def test_a_task_that_comes_as_its_thread_ends_runs_all_the_same() -> None:
    threads = Threads(idle_seconds=0)

    assert [run_in(threads, lambda n=n: n) for n in range(2_000)] == [*range(2_000)]


def test_a_task_that_raises_ends_no_thread() -> None:
    threads, seen = Threads(idle_seconds=SECONDS), []
    before, threading.excepthook = threading.excepthook, seen.append
    try:
        threads.begin(lambda: 1 // 0)
        assert run_in(threads, lambda: "next") == "next"
        threading.Event().wait(0.05)
    finally:
        threading.excepthook = before

    assert [one.exc_type for one in seen] == [ZeroDivisionError]
