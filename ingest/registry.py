"""Follows what the registry says of devices: how each is to be read, and the keys of those that encrypt.

Settings are decisions and lie in one stream of the log, so a look at it costs one short query; keys are secrets and lie
beside it. What has changed holds for the messages read from then on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

import psycopg

from domain.decide import device_settings
from domain.device_settings import DeviceSettings
from domain.errors import Unavailable
from eventlog.log import EventLog
from ingest import credentials
from ingest.devices import Devices

logger = logging.getLogger(__name__)

Tell = Callable[[Devices], None]


class Registry:
    """`tell` is called with what the registry says, at first and whenever it says something else. `zone`: of times that
    state none, where the device has no setting."""

    def __init__(self, log: EventLog, dsn: str, tell: Tell, *, zone: str, every_s: float = 2.0) -> None:
        self._log, self._dsn, self._tell, self._zone, self._every_s = log, dsn, tell, zone, every_s
        self._version = 0
        self._settings: Mapping[str, DeviceSettings] = {}
        self._keys: dict[str, bytes] = {}
        self._told = False

    def look(self) -> None:
        """Once. Raises Unavailable."""
        entries = self._log.read(device_settings.STREAM, self._version)
        settings = self._settings
        for entry in entries:
            settings = device_settings.evolve(dict(settings), entry.event)
        try:
            with psycopg.connect(self._dsn, autocommit=True) as conn:
                keys = credentials.keys(conn)
        except psycopg.Error as error:
            raise Unavailable(f"the keys of devices cannot be read: {error}") from error
        if self._told and settings == self._settings and keys == self._keys:
            return
        self._tell(Devices(settings, keys, zone=self._zone))
        # Only now: what could not be told is told at the next look.
        self._settings, self._keys, self._told = settings, keys, True
        self._version += len(entries)

    def run(self, stop: threading.Event) -> None:
        """Again and again. What was known holds while the database is away, or what stands there cannot be read."""
        failing = ""
        while not stop.wait(self._every_s):
            try:
                self.look()
                failing = ""
            except Unavailable as error:
                logger.debug("the registry was not read: %s", error)
            except Exception as error:  # nothing would be learnt any more, and nobody told
                if failing != (failing := f"{type(error).__name__}: {error}"):
                    logger.exception("the registry cannot be read; what was known of devices holds")
