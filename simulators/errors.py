"""What can go wrong while playing, as one tree.

PlayError
├── BrokerSilent     the broker did not accept or acknowledge in time
├── CellSilent       the API did not answer, or not in time
├── CellRefuses      the API answered with a problem
├── NoRecording      a file or folder is no recording that can be read
└── TooFewFiles      the machine allows fewer open files than connections are asked for
"""

from __future__ import annotations


class PlayError(Exception):
    """Root of the tree."""


class BrokerSilent(PlayError):
    """The broker did not accept or acknowledge in time."""


class CellSilent(PlayError):
    """The API did not answer, or not in time."""


class CellRefuses(PlayError):
    """The API answered with a problem, or did not accept a plan."""


class NoRecording(PlayError):
    """A file or folder is no recording that can be read."""


class TooFewFiles(PlayError):
    """The machine allows fewer open files than connections are asked for."""
