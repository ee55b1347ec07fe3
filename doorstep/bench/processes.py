"""What processes have used: CPU seconds and memory, out of /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Usage:
    """CPU since this was made and memory now, by role; a role's children count as the role."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._before = {role: _cpu_s(pid) for role, pid in self._pids.items()}

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds each role has used since."""
        return {role: _cpu_s(pid) - self._before[role] for role, pid in self._pids.items()}

    def rss_mb(self, role: str) -> float:
        """Resident memory of a role's process in MB."""
        status = Path(f"/proc/{self._pids[role]}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended meanwhile
    own = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
    return own + sum(_cpu_s(int(child)) for child in children)
