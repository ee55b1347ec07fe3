"""Everything that can go wrong, as one tree.

DoorstepError
├── Permanent                the same input will fail again: dead letter, 4xx
│   ├── Unreadable           bytes that no codec can read (carries a reason code)
│   ├── Rejected             a command that the present state forbids
│   │   ├── NotFound         the subject does not exist
│   │   └── Conflict         it exists with other content, or has moved on
│   └── CorruptLog           stored bytes that contradict their digest, topic or order
└── Transient                trying again later may work: no acknowledgement, retry
    ├── ConcurrentAppend     another writer appended to the stream first
    └── Unavailable          the store or the broker cannot be reached
"""

from __future__ import annotations


class DoorstepError(Exception):
    """Root of the tree. `code` is stable and machine-readable; the message is for people."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class Permanent(DoorstepError):
    """The same input will fail again."""

    code = "permanent"


class Unreadable(Permanent):
    """Bytes that cannot be read as facts."""

    code = "unreadable"


class Rejected(Permanent):
    """A command that the present state forbids."""

    code = "rejected"


class NotFound(Rejected):
    """The subject of a command or query does not exist."""

    code = "not_found"


class Conflict(Rejected):
    """The subject exists with other content, or has moved on."""

    code = "conflict"


class CorruptLog(Permanent):
    """Stored bytes contradict their digest, their topic or their order."""

    code = "corrupt_log"


class Transient(DoorstepError):
    """Trying again later may work."""

    code = "transient"


class ConcurrentAppend(Transient):
    """Another writer appended to the stream first; read its version, then decide again."""

    code = "concurrent_append"


class Unavailable(Transient):
    """The store or the broker cannot be reached.

    With code `outcome_unknown` a write may have happened; only reading it back can tell.
    """

    code = "unavailable"
