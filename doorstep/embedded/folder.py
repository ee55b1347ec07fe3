"""Who owns a folder of state: one process of ours at a time, and nothing left over from a process that died."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO

from domain.errors import Rejected
from doorstep.embedded.child import ChildFailed

_POLL_S = 0.02

# Below the ephemeral range of every common system: the kernel hands none of these to an outgoing connection, so a
# server that restarts finds its port again, and a client that knocks meanwhile cannot be connected to itself.
_FREE_PORTS = range(20_000, 30_000)


class FolderInUse(Rejected):
    """Another process of ours works in the folder."""

    code = "folder_in_use"


class FolderLock:
    """An exclusive claim on a folder that the kernel takes back when this process ends in any way."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        self._file: IO[bytes] | None = None

    def acquire(self, timeout_s: float) -> None:
        """Create (mode 0700) and claim the folder; once is enough. Raises FolderInUse after `timeout_s`."""
        if self._file is not None:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.path.open("ab")
        end = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    file.close()
                    raise FolderInUse(f"{self.path.parent} is in use by another process of Doorstep") from None
                time.sleep(_POLL_S)
        self._file = file

    @property
    def is_taken(self) -> bool:
        """Whether a process holds the claim now, this one included."""
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def release(self) -> None:
        """Give the folder back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def sync_folder(folder: Path) -> None:
    """Bring the folder's entries (a rename in it) to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def command_line(pid: int) -> list[str] | None:
    """The arguments of a running process; None where there is none. A zombie counts as none: it waits to be reaped."""
    if Path("/proc/self/stat").exists():
        try:
            state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if state in (b"Z", b"X") else os.fsdecode(arguments).rstrip("\0").split("\0")
    shown = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state_and_command = shown.stdout.split()
    return None if not state_and_command or state_and_command[0].startswith("Z") else state_and_command[1:]


def is_running(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    return command_line(pid) is not None


def end_leftover(pid: int, marks: tuple[str, ...], signals: tuple[signal.Signals, ...], timeout_s: float) -> bool:
    """End a process that an earlier owner of a folder left behind, if `pid` is that process.

    A pid file may name a process that has nothing to do with us by now, so every mark must stand in the command line.
    Returns whether the pid was (and is no longer) ours; raises ChildFailed if it outlives all signals.
    """
    if not _carries(pid, marks):
        return False
    for number in signals:
        os.kill(pid, number)
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if not _carries(pid, marks):
                return True
            time.sleep(_POLL_S)
    raise ChildFailed(f"process {pid} was left behind and does not end")


def _carries(pid: int, marks: tuple[str, ...]) -> bool:
    arguments = command_line(pid)
    return arguments is not None and all(any(mark in argument for argument in arguments) for mark in marks)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(preferred: int | None, host: str = "127.0.0.1") -> int:
    """The preferred port if it is free, else another one that is. Raises OSError where there is none."""
    candidates = random.sample(_FREE_PORTS, 200)
    for port in candidates if preferred is None else [preferred, *candidates]:
        if port_is_free(port, host):
            return port
    raise OSError("no free port")
