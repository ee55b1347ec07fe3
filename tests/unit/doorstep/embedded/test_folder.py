"""Who owns a folder, which process is whose, which port is free."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from doorstep.embedded.folder import FolderInUse, FolderLock, choose_port, command_line, end_leftover, is_running


def test_a_folder_has_one_owner_until_it_is_released(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "state"), FolderLock(tmp_path / "state")
    first.acquire(0)
    with pytest.raises(FolderInUse):
        second.acquire(0)
    first.release()
    second.acquire(0)
    second.release()


def test_a_claimed_folder_is_closed_to_others(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "state")
    lock.acquire(0)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    lock.release()


def test_the_command_line_of_a_process_can_be_read() -> None:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()", "门 7"], stdin=subprocess.PIPE)
    try:
        arguments = command_line(process.pid)
    finally:
        process.communicate(b"\n")
    assert arguments is not None
    assert arguments[-1] == "门 7"


def test_a_zombie_does_not_count_as_running() -> None:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "pass"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()  # ends with the process, which nobody has reaped yet
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(process.pid)
    process.stdout.close()
    process.wait()


def test_a_leftover_is_ended_only_if_its_command_line_carries_every_mark(tmp_path: Path) -> None:
    program = [sys.executable, "-I", "-S", "-c", "import sys; print(flush=True); sys.stdin.read()", str(tmp_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        kill = (signal.SIGKILL,)
        assert not end_leftover(process.pid, ("sys.stdin", "/another/folder"), kill, timeout_s=5)
        assert process.poll() is None
        assert end_leftover(process.pid, ("sys.stdin", str(tmp_path)), kill, timeout_s=5)
        assert process.wait(5) == -signal.SIGKILL


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        chosen = choose_port(taken)
    assert chosen != taken
    assert choose_port(chosen) == chosen
