"""What many tests stand on: a real PostgreSQL, and a fresh database in it for each test that asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from doorstep.embedded.postgres import SERVER_SETTINGS, EmbeddedPostgres

# Nothing here has to survive a power cut, and creating a database is mostly waiting for the disk.
_FAST = {**SERVER_SETTINGS, "fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that may create databases: the one named by DOORSTEP_TEST_DATABASE_URL, else one of our own."""
    given = os.environ.get("DOORSTEP_TEST_DATABASE_URL")  # noqa: TID251 — not a setting of the product
    if given:
        yield given
        return
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), server_settings=_FAST) as url:
        yield url


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def other_database(postgres_url: str) -> Iterator[str]:
    """A second one, for a second cell."""
    with fresh_database(postgres_url) as url:
        yield url


@contextmanager
def fresh_database(postgres_url: str, template: str = "template0") -> Iterator[str]:
    """An empty database, or a copy of another that nobody is connected to; dropped at the end."""
    name = f"test_{uuid4().hex[:16]}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        # template0 because nobody can be connected to it, which would refuse the copy.
        admin.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
        try:
            yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
