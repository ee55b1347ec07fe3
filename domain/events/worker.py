"""A worker (housekeeper, 阿姨 / 师傅)."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Decision


class WorkerRegistered(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """A worker entered the books, or their particulars were restated.

    `title` is what a customer calls them beside the surname, e.g. 阿姨 or 师傅.
    """

    TOPIC: ClassVar[str] = "doorstep.worker.registered"

    worker: str
    name: str
    surname: str = ""
    title: str = ""
