"""`doorstep up`: every server and role a process of its own, in order, restarted when dead."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Protocol

import msgspec

from domain.errors import DoorstepError
from doorstep import bootstrap
from doorstep.bootstrap import Running
from doorstep.brokers.accounts import SHARED
from doorstep.embedded.broker import near_host
from doorstep.embedded.child import Child, ChildFailed
from doorstep.embedded.folder import FolderLock, choose_port, port_is_free
from doorstep.logins import LoginKeeper
from doorstep.settings import Settings, inherited_environ
from eventlog.clock import ClockMode

ROLES = ("clock", "project", "ingest", "api")
"""The roles; they stop in reverse order. Each one's name is also its command."""

DOOR_PORT = 5055
"""First choice for the HTTP door; Traccar's apps know it."""

_WAIT_FOR_HOME_S = 3.0
_LOOK_S = 0.05
_PORTS_TRIED = 5


class Unit(Protocol):
    """Something that runs as one child: an embedded server or a role."""

    name: str
    child: Child | None

    def start(self) -> object:
        """Start it (again) and wait until it is ready. Raises DoorstepError, leaving no process behind."""

    def stop(self) -> None:
        """Stop it."""


class RoleProcess:
    """One role, running `doorstep <role>` with resolved settings; ready when it has created its ready file."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._ready_file = settings.home / f"{name}.ready"
        environ = msgspec.structs.replace(settings, ready_file=self._ready_file).to_environ()
        self.child: Child | None = Child(
            name,
            [sys.executable, "-m", "doorstep.cli", name],
            log=settings.home / f"logs/{name}.log",
            environ={**inherited_environ(), "PYTHONUNBUFFERED": "1", **environ},
        )

    def start(self) -> object:
        """See Unit."""
        assert self.child is not None
        self._ready_file.unlink(missing_ok=True)
        try:
            self.child.start()
            self.child.wait_ready(self._ready_file.exists, self._settings.start_timeout_s)
        except BaseException:
            self.stop()
            raise
        return None

    def stop(self) -> None:
        """See Unit."""
        assert self.child is not None
        self.child.stop(self._settings.stop_timeout_s)
        self._ready_file.unlink(missing_ok=True)


class Supervisor:
    """Runs a home; a context manager that gives what is running. `say` gets one line for everything worth knowing.

    Raises FolderInUse when the home is running already, ChildFailed when something does not come up on the first start;
    later failures are tried again with growing pauses for as long as it takes.
    """

    def __init__(self, settings: Settings, roles: Sequence[str] = ROLES, *, say: Callable[[str], None] = print) -> None:
        self._settings = msgspec.structs.replace(settings, home=settings.home.absolute(), data=settings.data.absolute())
        self._roles = [role for role in roles if role != "clock" or settings.clock_mode != ClockMode.FOLLOWED]
        self._say = say
        self._lock = FolderLock(self._settings.home)
        self._units: list[Unit] = []
        self._keepers: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._writing = threading.Lock()
        self._phones_url = "" if "@" in (settings.mqtt_url or "") else settings.mqtt_url or ""
        self._logins: LoginKeeper | None = None
        self.settings = self._settings
        """With resolved addresses, once started."""

    def start(self) -> Running:
        """Start everything in order; what is started is kept running from then on."""
        self._lock.acquire(_WAIT_FOR_HOME_S)
        try:
            self._start_servers()
            self._start_roles()
            running = self._publish()
        except BaseException:
            self.stop()
            raise
        self._keepers = [
            threading.Thread(target=self._keep, args=(unit,), name=f"keeper of {unit.name}", daemon=True)
            for unit in self._units
        ]
        if self._logins is not None:
            told = threading.Thread(target=self._logins.run, args=(self._stopping,), name="logins", daemon=True)
            self._keepers.append(told)
        for keeper in self._keepers:
            keeper.start()
        return running

    def stop(self) -> None:
        """Stop everything in reverse order."""
        self._stopping.set()
        for keeper in self._keepers:
            keeper.join(self._settings.stop_timeout_s)
        for unit in reversed(self._units):
            unit.stop()
        Running.file(self._settings).unlink(missing_ok=True)
        self._lock.release()

    def __enter__(self) -> Running:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_servers(self) -> None:
        database_url, mqtt_url = self._settings.database_url, self._settings.mqtt_url
        if database_url is None:
            database = bootstrap.postgres(self._settings)
            self._units.append(database)
            self._start(database)
            database_url = database.url
        session = bootstrap.session_name(self._settings)
        if mqtt_url is None:
            broker = bootstrap.broker(self._settings)
            self._units.append(broker)
            self._logins = LoginKeeper(
                database_url, broker, poll_s=self._settings.logins_poll_s, say=lambda line: self._say(line)
            )
            self._logins.once()  # before the first device knocks
            self._start(broker)
            mqtt_url = broker.url
            self._phones_url = broker.url_of(SHARED) or ("" if self._settings.password else mqtt_url)
        api_port = choose_port(self._settings.api_port, self._settings.listen)
        door_port = self._settings.door_port
        if door_port != 0 and "ingest" in self._roles:
            door_port = choose_port(door_port or DOOR_PORT, self._settings.listen)
        self.settings = msgspec.structs.replace(
            self._settings,
            database_url=database_url,
            mqtt_url=mqtt_url,
            mqtt_client_id=session,
            api_port=api_port,
            door_port=door_port,
        )
        bootstrap.migrate(self.settings)

    def _start_roles(self) -> None:
        """All at once: each waits for nothing but the servers, and most of a start is loading its code."""
        with ThreadPoolExecutor(max(len(self._roles), 1)) as pool:
            for _ in pool.map(self._start_role, self._roles):
                pass
        first = len(self._units) - len(self._roles)
        servers, roles = self._units[:first], self._units[first:]
        self._units = [*servers, *sorted(roles, key=lambda role: self._roles.index(role.name))]

    def _start_role(self, name: str) -> None:
        """Start a role; on another port where somebody took the chosen one while its code was loading."""
        for _ in range(_PORTS_TRIED):
            role = RoleProcess(name, self.settings)
            self._units.append(role)
            try:
                return self._start(role)
            except ChildFailed:
                listens = {"api": "api_port", "ingest": "door_port"}.get(name)
                port = getattr(self.settings, listens) if listens else None
                if listens is None or not port or port_is_free(port, self.settings.listen):
                    raise
                self._units.remove(role)
                another = {listens: choose_port(None, self.settings.listen)}
                self.settings = msgspec.structs.replace(self.settings, **another)
        raise ChildFailed(f"{name}: every port that was free was taken before it could listen")

    def _start(self, unit: Unit) -> None:
        begin = time.monotonic()
        unit.start()
        self._say(f"{unit.name}: ready after {time.monotonic() - begin:.1f} s")

    def _keep(self, unit: Unit) -> None:
        first_s, longest_s = self._settings.backoff_first_s, self._settings.backoff_max_s
        pause_s, up_since = first_s, time.monotonic()
        while not self._stopping.wait(_LOOK_S):
            if unit.child is not None and unit.child.exit_code is None:
                continue
            if time.monotonic() - up_since > longest_s:
                pause_s = first_s
            ended = unit.child.exit_code if unit.child is not None else None
            self._say(f"{unit.name}: ended with {ended}; starting it again in {pause_s:g} s")
            if self._stopping.wait(pause_s):
                return
            pause_s = min(pause_s * 2, longest_s)
            try:
                unit.start()
                self._publish()
            except (DoorstepError, OSError) as error:
                self._say(f"{unit.name}: {str(error).splitlines()[0]}")  # the rest is in its log
            up_since = time.monotonic()  # also when it failed: only time spent up earns a short pause

    def _publish(self) -> Running:
        """Write run.json, whole or not at all, readable by its owner only: the URLs carry passwords."""
        settings = self.settings
        with self._writing:
            running = Running(
                pid=os.getpid(),
                database_url=settings.database_url or "",
                mqtt_url=settings.mqtt_url or "",
                api_url=settings.public_url or f"http://{near_host(settings.listen)}:{settings.api_port}",
                processes={unit.name: unit.child.pid or 0 for unit in self._units if unit.child is not None},
                listen=settings.listen,
                phones_url=self._phones_url,
            )
            file = Running.file(settings)
            fresh = file.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_bytes(msgspec.json.format(msgspec.json.encode(running), indent=2))
            fresh.replace(file)
        return running
