"""Keeps the workers of `ivr serve` running: starts one in place of each that ends, whatever it ended of."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ivr import logs

LOOK_SECONDS = 0.05
"""How often the supervisor looks after its workers."""
REST_SECONDS = 1.0
"""How long it waits before it replaces a worker that ended before it was ready."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(slots=True)
class _Child:
    """A worker process."""

    pipe: int | None
    """What it writes a byte to when it is ready; None from then on."""
    kill_at: float | None = None
    """When it is killed (monotonic seconds), if it was told to stop."""


class Supervisor:
    """Runs `count` workers until SIGTERM or SIGINT; on SIGHUP it calls `restart` with the process ids of its workers.

    Before that it calls `try_restart`, in a process of its own, since workers have to be looked after and SIGTERM obeyed
    meanwhile: only when that returned True, and nobody sent a signal since, is there a restart.

    A worker is a fork of this process, which has loaded everything already, so that it is ready within a moment. So
    this process must have no other threads, and no open connection of the database.

    `work` is what a worker does; it is given a function to call when it is ready. `close` is called before the workers
    are told to stop, to give up what they share with this process. `earlier` are the process ids of
    workers that ran before a restart: they are told to stop when the new ones are ready. `stop_seconds` is how long a
    worker may take to stop before it is killed.
    """

    def __init__(
        self,
        work: Callable[[Callable[[], object]], None],
        count: int,
        try_restart: Callable[[], bool],
        restart: Callable[[Iterable[int]], None],
        close: Callable[[], None],
        *,
        earlier: Iterable[int] = (),
        stop_seconds: float,
    ) -> None:
        self._work = work
        self._count = count
        self._try_restart = try_restart
        self._restart = restart
        self._close = close
        self._stop_seconds = stop_seconds
        self._workers: dict[int, _Child] = {}
        self._earlier = {pid: _Child(None) for pid in earlier}
        self._signals: list[int] = []
        self._is_stopping = False
        self._is_told_to_restart = False
        self._trial: int | None = None
        """The process that tries whether a restart would succeed."""
        self._start_after = 0.0

    def run(self) -> None:
        """Look after the workers until the last one has stopped."""
        for number in SIGNALS:
            signal.signal(number, lambda received, _: self._signals.append(received))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        while not (self._is_stopping and not self._children):
            self._handle_signals()
            self._reap()
            if not self._is_stopping:
                self._begin_trial()
                self._start_missing()
                self._replace_earlier()
            self._kill_overdue()
            time.sleep(LOOK_SECONDS)

    @property
    def _children(self) -> dict[int, _Child]:
        return self._earlier | self._workers

    def _handle_signals(self) -> None:
        while self._signals:
            if self._signals.pop(0) == signal.SIGHUP:
                self._is_told_to_restart = True
            else:
                self._is_stopping = True
                self._close()
                self._stop(self._children)

    def _stop(self, children: Mapping[int, _Child]) -> None:
        for pid, child in children.items():
            if child.kill_at is None:
                child.kill_at = time.monotonic() + self._stop_seconds
                os.kill(pid, signal.SIGTERM)

    def _reap(self) -> None:
        """Forget the workers that have ended, and log those that had not been told to."""
        while self._children or self._trial:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid == self._trial:
                self._end_trial(os.waitstatus_to_exitcode(status))
                continue
            child = self._workers.pop(pid, None) or self._earlier.pop(pid, None)
            if child is None:
                continue  # a process of somebody else that was left to us
            if child.pipe is not None:
                os.close(child.pipe)
                self._start_after = time.monotonic() + REST_SECONDS
            if child.kill_at is None:
                logs.get_logger().error("worker_ended", pid=pid, exit_code=os.waitstatus_to_exitcode(status))

    def _begin_trial(self) -> None:
        if self._is_told_to_restart and self._trial is None:
            self._is_told_to_restart = False
            self._trial = self._fork(self._try)

    def _try(self) -> int:
        self._close()  # this process may outlive the supervisor, whose port would be taken then
        return 0 if self._try_restart() else 1

    def _end_trial(self, exit_code: int) -> None:
        """Restart if the trial succeeded, unless a signal came meanwhile: what that one asks for is done instead."""
        self._trial = None
        if exit_code < 0 and not self._is_stopping:
            logs.get_logger().error("restart_refused", reason=f"its trial was ended by signal {-exit_code}")
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # from here on they wait for the program that begins now
        if exit_code == 0 and not (self._is_stopping or self._is_told_to_restart or self._signals):
            self._restart(tuple(self._children))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _start_missing(self) -> None:
        while len(self._workers) < self._count and time.monotonic() >= self._start_after:
            self._start()

    def _start(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        pid = self._fork(lambda: self._work_as_worker(lambda: os.write(writing, b".")))
        os.close(writing)
        self._workers[pid] = _Child(reading)

    def _fork(self, task: Callable[[], int]) -> int:
        """Return the process id of a fork of this process that ends with the exit code which `task` returns there."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # the fork would lose one that came before it is ready
        pid = os.fork()
        if pid == 0:
            exit_code = 1
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.signal(signal.SIGHUP, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the supervisor decides
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
                exit_code = task()
            finally:
                os._exit(exit_code)  # without the clean-up that is the supervisor's
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return pid

    def _work_as_worker(self, ready: Callable[[], object]) -> int:
        try:
            self._work(ready)
        except Exception:
            logs.get_logger().exception("worker_failed")
            return 1
        return 0

    def _replace_earlier(self) -> None:
        """Tell the workers from before a restart to stop once all of the new ones are ready."""
        for worker in self._workers.values():
            if worker.pipe is not None and _has_byte(worker.pipe):
                os.close(worker.pipe)
                worker.pipe = None
        if len(self._workers) == self._count and all(worker.pipe is None for worker in self._workers.values()):
            self._stop(self._earlier)

    def _kill_overdue(self) -> None:
        for pid, child in self._children.items():
            if child.kill_at is not None and time.monotonic() > child.kill_at:
                os.kill(pid, signal.SIGKILL)


def _has_byte(pipe: int) -> bool:
    try:
        return bool(os.read(pipe, 1))
    except BlockingIOError:
        return False
