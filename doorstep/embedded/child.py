"""A process that never outlives us: start, wait until ready, stop; for the embedded servers and the supervisor."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from domain.errors import Transient

_Text = TypeVar("_Text", str, bytes)

_LAUNCH = Path(__file__).with_name("launch.py")
_READY_POLL_S = 0.02
_LOG_TAIL_BYTES = 4_000
_LOG_MAX_BYTES = 32 << 20  # looked at when a child starts; the one before is kept beside it


class ChildFailed(Transient):
    """A child ended, or was not ready in time; the message ends with the tail of its log."""

    code = "child_failed"


class Child:
    """One program and the process that runs it at the moment.

    `identity` as in launch.py. `death_signal` is what it gets when this process ends in any way, `stop_signals` what it
    gets one after the other when it is asked to stop.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        identity: str = "same",
        death_signal: signal.Signals = signal.SIGKILL,
        stop_signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.environ = environ
        self.cwd = cwd
        self.identity = identity
        self.death_signal = death_signal
        self.stop_signals = tuple(stop_signals)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last run ended (negative: the signal); None while it runs and before the first start."""
        return None if self._process is None else self._process.poll()

    def start(self) -> int:
        """Start the program and return its pid. Its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_MAX_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        self._process = _spawner.call(self._spawn)
        return self._process.pid

    def wait_ready(self, is_ready: Callable[[], bool], timeout_s: float) -> None:
        """Poll until ready. Raises ChildFailed when the child ends before, or after `timeout_s`."""
        end = time.monotonic() + timeout_s
        while True:
            if self.exit_code is not None:
                raise ChildFailed(f"{self.name} ended with {self.exit_code}\n{self.log_tail()}")
            if is_ready():
                return
            if time.monotonic() > end:
                raise ChildFailed(f"{self.name} was not ready within {timeout_s:g} s\n{self.log_tail()}")
            time.sleep(_READY_POLL_S)

    def stop(self, timeout_s: float) -> None:
        """Send the stop signals in turn, each with `timeout_s` to obey, and reap the process."""
        if self._process is None:
            return
        for number in self.stop_signals:
            if self._process.poll() is not None:
                return
            self._process.send_signal(number)
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                continue

    def log_since(self, place: int) -> str:
        """What was written to the log from a `log_size` on."""
        with self.log.open("rb") as file:
            file.seek(place)
            return file.read().decode("utf-8", "replace")

    def log_size(self) -> int:
        """The log's length in bytes."""
        return self.log.stat().st_size

    def log_tail(self) -> str:
        """The last lines of this run's log."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._log_from, size - _LOG_TAIL_BYTES))
                return file.read().decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return ""

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            return subprocess.Popen(
                [*_launch(self.death_signal), self.identity, "--", *self.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ,
                cwd=self.cwd,
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop our children in order
            )


def run(
    argv: Sequence[str], *, identity: str = "same", environ: Mapping[str, str] | None = None, timeout_s: float
) -> tuple[int, str]:
    """Run a short program to its end through launch.py: exit code and output. Raises ChildFailed after `timeout_s`."""
    process = _spawner.call(
        lambda: subprocess.Popen(
            [*_launch(signal.SIGKILL), identity, "--", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environ,
        )
    )
    with process:
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ChildFailed(f"{argv[0]} did not end within {timeout_s:g} s") from None
    return process.returncode, output


def _launch(death_signal: signal.Signals) -> list[str]:
    return [sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), str(int(death_signal))]


class _Spawner:
    """One thread that starts every child and lives as long as the process.

    The parent-death signal fires when the *thread* that started the child ends, so a child started from a short-lived
    thread would die with it.
    """

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._owner: int | None = None
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def call(self, spawn: Callable[[], subprocess.Popen[_Text]]) -> subprocess.Popen[_Text]:
        """Run `spawn` on the thread and return (or raise) what it does."""
        with self._starting:
            if self._owner != os.getpid():  # the first call, or the first one after a fork
                self._owner, self._work = os.getpid(), queue.SimpleQueue()
                threading.Thread(target=self._loop, args=(self._work,), name="spawner", daemon=True).start()
        outcome: Future[subprocess.Popen[_Text]] = Future()

        def work() -> None:
            try:
                outcome.set_result(spawn())
            except BaseException as error:
                outcome.set_exception(error)

        self._work.put(work)
        return outcome.result()

    @staticmethod
    def _loop(work: queue.SimpleQueue[Callable[[], None]]) -> None:
        while True:
            work.get()()


_spawner = _Spawner()
