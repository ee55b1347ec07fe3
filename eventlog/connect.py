"""The library's environment and pool from one connection string; nothing is read from the process environment."""

from __future__ import annotations

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
    pool.kwargs = {**conninfo_to_dict(dsn), "row_factory": row_factory}
    pool.reconnect_timeout = RECONNECT_S
    return made


def discard_broken(datastore: PostgresDatastore) -> None:
    """Replace the pool's dead connections; after a restart of the server all that were open are."""
    datastore.pool.check()
