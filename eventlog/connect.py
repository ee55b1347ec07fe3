"""The library's environment and pool from one connection string; nothing is read from the process environment."""

from __future__ import annotations

from typing import Any

from eventsourcing.persistence import InterfaceError, InternalError, OperationalError
from eventsourcing.postgres import PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict

from eventlog.schema import NAME

RECONNECT_S = 2.0
"""How long the pool repeats a failed connection by itself; afterwards the next caller's need makes it try again.
Short, because its pauses double and would outlast the outage."""


def environment(
    schema: str, *, pool_size: int, max_overflow: int, checkout_s: int, lock_s: int, idle_in_transaction_s: int
) -> Environment:
    """The library's settings. Tables are created by `eventlog.schema.migrate` only; its functions never."""
    return Environment(
        NAME,
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "APPLICATION_RECORDER_TOPIC": "eventlog.recorder:LogRecorder",
            "MAPPER_TOPIC": "eventlog.mapper:EventMapper",
            "CREATE_TABLE": "n",
            "POSTGRES_ENABLE_DB_FUNCTIONS": "n",
            "POSTGRES_SCHEMA": schema,
            "POSTGRES_POOL_SIZE": str(pool_size),
            "POSTGRES_MAX_OVERFLOW": str(max_overflow),
            "POSTGRES_CONNECT_TIMEOUT": str(checkout_s),
            "POSTGRES_LOCK_TIMEOUT": str(lock_s),
            "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": str(idle_in_transaction_s),
            # Asked for by the library, replaced by the connection string in `factory`.
            "POSTGRES_DBNAME": "",
            "POSTGRES_HOST": "",
            "POSTGRES_USER": "",
            "POSTGRES_PASSWORD": "",
        },
    )


def factory(env: Environment, dsn: str) -> PostgresFactory:
    """The library's factory, connecting by all of `dsn` rather than by the five parts that it knows."""
    made = PostgresFactory(env)
    pool = made.datastore.pool
    row_factory = pool.kwargs["row_factory"] if isinstance(pool.kwargs, dict) else None
    pool.kwargs = {**parameters(dsn), "row_factory": row_factory}
    pool.reconnect_timeout = RECONNECT_S
    return made


def parameters(dsn: str) -> dict[str, Any]:
    """A connection string's parts over our defaults: a server that vanished is noticed within half a minute."""
    return {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 30_000,
        **conninfo_to_dict(dsn),
    }


def is_passing(error: Exception) -> bool:
    """Whether the server or the way to it failed, rather than what was asked of it."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) in _PASSING
    return isinstance(error, InterfaceError | OperationalError)


_PASSING = {
    "25P03",  # the session idled in its transaction: this process was stopped for a while
    "25006",  # the server has become a replica
}


def discard_broken(datastore: PostgresDatastore) -> None:
    """Replace the pool's dead connections; after a restart of the server all that were open are."""
    datastore.pool.check()
