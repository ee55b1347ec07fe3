"""The first instant of a child: a script that binds its life to the parent's, gives up root where asked, then execs.

    python -I -S launch.py PARENT_PID DEATH_SIGNAL IDENTITY -- PROGRAM ARGUMENT...

IDENTITY is `same`, `namespace:UID` (a user namespace in which our user is called UID: no file changes owner, and a
program that refuses to run as root sees an ordinary user) or `drop:UID:GID` (become that user, keeping only the right
to pass folders). It runs between fork and exec in an interpreter of its own because running Python there in a process
with threads can dead-lock. It imports nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CLONE_NEWUSER = 0x10000000
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapData(ctypes.Structure):
    _fields_ = [("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32)]


def main(arguments: list[str]) -> None:
    parent, death_signal, identity, _, *program = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    kind, *ids = identity.split(":")
    if kind == "namespace":
        _enter_namespace(libc, int(ids[0]))
    elif kind == "drop":
        _drop(libc, int(ids[0]), int(ids[1]))
    if sys.platform == "linux":
        # After the change of identity, which clears it (prctl(2), PR_SET_PDEATHSIG).
        if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        if os.getppid() != int(parent):
            sys.exit("the parent ended before its child began")
    os.execv(program[0], program)


def _enter_namespace(libc: ctypes.CDLL, uid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {outer_uid} 1"), ("gid_map", f"{uid} {outer_gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _drop(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    # The data and the programs may lie below a folder that only root may pass. Where even this right is refused the
    # child goes on without it: most places do not need it.
    header = _CapHeader(_CAPABILITY_VERSION_3, 0)
    bits = 1 << _CAP_DAC_OVERRIDE
    data = (_CapData * 2)(_CapData(bits, bits, bits), _CapData(0, 0, 0))
    if libc.capset(ctypes.byref(header), data) == 0:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
