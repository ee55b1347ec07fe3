"""Processes that start an embedded server, say so, and wait to be killed or told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
LAUNCH = ROOT / "doorstep/embedded/launch.py"

_PROGRAM = """
import sys
from pathlib import Path
from {module} import {server}
server = {server}(Path(sys.argv[1]))
print(server.start(), server.child.pid, flush=True)
sys.stdin.read()
server.stop()
"""


@contextmanager
def parent_of(server: str, folder: Path, identity: str = "same") -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """A Python process that runs `module.Class` on the folder; gives the process, the server's URL and pid."""
    module, _, name = server.rpartition(".")
    python = [sys.executable, "-c", _PROGRAM.format(module=module, server=name), str(folder)]
    launch = [sys.executable, "-I", "-S", str(LAUNCH), str(os.getpid()), str(int(signal.SIGKILL)), identity, "--"]
    with subprocess.Popen(
        [*launch, *python], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            assert words, "the server did not start"
            yield process, words[0], int(words[1])
        finally:
            process.kill()


def eventually(is_so: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    """Poll until it is so; fail after the limit."""
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        time.sleep(0.02)


def ordinary_identities() -> Sequence[str]:
    """How to run a process as an ordinary user from here."""
    return ["drop:65534:65534"] if os.geteuid() == 0 else ["same"]
