"""`doorstep dead-letters`: what no codec could read, to be looked at and read again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from doorstep.settings import Settings

if TYPE_CHECKING:
    import psycopg

    from ingest.dead_letters import Kept

app = typer.Typer(no_args_is_help=True, help="Messages that could not be read, with their bytes and the reason.")

_Json = Annotated[bool, typer.Option("--json", help="as JSON")]


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="open or resolved")] = "open",
    limit: Annotated[int, typer.Option(help="at most so many, the latest first", min=1)] = 100,
    as_json: _Json = False,
) -> None:
    """List letters, the latest first."""
    from ingest import dead_letters

    with _database(Settings.read()) as (_, conn):
        found = dead_letters.listed(conn, state=state, limit=limit)
    if as_json:
        typer.echo(msgspec.json.encode([_plain(letter) for letter in found]))
        return
    for letter in found:
        times = f"{letter.last_seen:%Y-%m-%d %H:%M:%S}  x{letter.times}"
        typer.echo(f"{letter.key[:12]}  {times}  {letter.reason}  {letter.topic}  {letter.detail[:100]}")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="the letter's key, or its first digits")],
    raw: Annotated[bool, typer.Option("--raw", help="only the payload's bytes, to stdout")] = False,
) -> None:
    """Show one letter with its payload."""
    from ingest import dead_letters

    with _database(Settings.read()) as (_, conn):
        letter = dead_letters.shown(conn, key)
    if raw:
        sys.stdout.buffer.write(letter.payload)
        return
    for name, value in _plain(letter).items():
        typer.echo(f"{name:11}{value}")
    typer.echo(f"{'payload':11}{len(letter.payload)} bytes\n{letter.payload[:2_000]!r}")


@app.command()
def retry(
    keys: Annotated[list[str] | None, typer.Argument(help="letters by their keys; none: all that are open")] = None,
) -> None:
    """Read letters again; those that can be read now are stored and resolved."""
    from doorstep.bootstrap import event_log, retry_of, stop_on_signals
    from ingest import dead_letters

    with _database(Settings.read()) as (settings, conn), event_log(settings) as log:
        letters = [dead_letters.shown(conn, key) for key in keys] if keys else dead_letters.every_open(conn)
        retried = retry_of(settings, log, conn)
        left = 0
        for letter, faults in retried.run(letters, stop_on_signals()):
            left += bool(faults)
            outcome = f"still unreadable: {faults[0].reason}: {faults[0].detail}" if faults else "stored"
            typer.echo(f"{letter.key[:12]}  {letter.topic}  {outcome}")
    if left:
        sys.exit(f"doorstep: {left} letters are still unreadable")


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, psycopg.Connection[Any]]]:
    """The cell's database: settings that name it, and a connection."""
    import psycopg

    from doorstep.bootstrap import migrate, with_database

    with with_database(settings) as located:
        migrate(located)
        with psycopg.connect(located.database_url or "", autocommit=True) as conn:
            yield located, conn


def _plain(letter: Kept) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(letter)
    del plain["payload"]
    return plain
