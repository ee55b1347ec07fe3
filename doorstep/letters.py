"""`doorstep dead-letters`: what no codec could read, to be looked at and read again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
import typer

from doorstep.settings import Settings

if TYPE_CHECKING:
    import psycopg

    from ingest.dead_letters import Kept, State

app = typer.Typer(no_args_is_help=True, help="Messages that could not be read, with their bytes and the reason.")

_STATES = ("open", "resolved", "dropped", "expired")
_State = Annotated[str, typer.Option(help=f"one of {', '.join(_STATES)}")]
_Json = Annotated[bool, typer.Option("--json", help="as JSON")]


@app.command("list")
def list_(
    state: _State = "open",
    reason: Annotated[str | None, typer.Option(help="only those of this reason")] = None,
    limit: Annotated[int, typer.Option(help="at most so many, the latest first", min=1)] = 100,
    as_json: _Json = False,
) -> None:
    """List letters, the latest first."""
    from ingest import dead_letters

    with _database(Settings.read()) as (_, conn):
        found = dead_letters.listed(conn, state=_state(state), reason=reason, limit=limit)
    if as_json:
        typer.echo(msgspec.json.encode([_plain(letter) for letter in found]))
        return
    for letter in found:
        times = f"{letter.last_seen:%Y-%m-%d %H:%M:%S}  x{letter.times}"
        typer.echo(f"{letter.key[:12]}  {times}  {letter.reason}  {_safe(letter.topic)}  {_safe(letter.detail[:100])}")


@app.command()
def groups(state: _State = "open", as_json: _Json = False) -> None:
    """What is wrong with them: a line for each reason, the most frequent first."""
    from doorstep.bootstrap import letter_limits
    from ingest import dead_letters
    from ingest.letter_keeper import fill_of

    with _database(Settings.read()) as (settings, conn):
        found, fill = dead_letters.grouped(conn, state=_state(state)), fill_of(conn, letter_limits(settings))
    if as_json:
        typer.echo(msgspec.json.encode({"groups": found, "fill": fill}))
        return
    for group in found:
        seen = f"{group.first_seen:%Y-%m-%d %H:%M} to {group.last_seen:%Y-%m-%d %H:%M}"
        typer.echo(f"{group.letters:>7}  {group.reason:<18} {group.size:>10} bytes  {seen}  e.g. {_safe(group.topic)}")
    typer.echo(f"{100 * fill.share:.0f} % of what is kept: {fill.letters} open, which take {fill.size} bytes")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="the letter's key, or its first digits")],
    raw: Annotated[bool, typer.Option("--raw", help="only the payload's bytes, to stdout")] = False,
) -> None:
    """Show one letter with its payload."""
    from ingest import dead_letters

    with _database(Settings.read()) as (_, conn):
        letter = dead_letters.shown(conn, dead_letters.whole_key(conn, key))
    if raw:
        sys.stdout.buffer.write(letter.payload)
        return
    for name, value in _plain(letter).items():
        typer.echo(f"{name:11}{_safe(str(value))}")
    typer.echo(f"{'payload':11}{len(letter.payload)} bytes\n{letter.payload[:2_000]!r}")


@app.command()
def retry(
    keys: Annotated[list[str] | None, typer.Argument(help="letters by their keys; none: all that are open")] = None,
    reason: Annotated[str | None, typer.Option(help="without keys: all that are open for this reason")] = None,
) -> None:
    """Read letters again; those that can be read now are stored and resolved. By its key one that was dropped, too."""
    from doorstep.bootstrap import event_log, retry_of, stop_on_signals
    from ingest import dead_letters

    with _database(Settings.read()) as (settings, conn), event_log(settings) as log:
        whole = [dead_letters.whole_key(conn, key) for key in keys or ()] or dead_letters.keys_to_retry(conn, reason)
        retried, stop = retry_of(settings, log, conn), stop_on_signals()
        left = 0
        for letter, faults in retried.run(dead_letters.each_to_retry(conn, whole), stop):
            left += bool(faults)
            outcome = f"still unreadable: {faults[0].reason}: {faults[0].detail}" if faults else "stored"
            typer.echo(f"{letter.key[:12]}  {_safe(letter.topic)}  {_safe(outcome)}")
    if stop.is_set():
        sys.exit("doorstep: stopped before all were read again")
    if left:
        sys.exit(f"doorstep: {left} letters are still unreadable")


@app.command()
def drop(
    why: Annotated[str, typer.Option(help="why nobody needs them; it stays with them")],
    keys: Annotated[list[str] | None, typer.Argument(help="letters by their keys")] = None,
    reason: Annotated[str | None, typer.Option(help="all that are open for this reason")] = None,
) -> None:
    """Say that nobody needs letters. They stay listed for a while (DOORSTEP_DEAD_LETTERS_CLOSED_DAYS)."""
    from ingest import dead_letters

    if bool(keys) == (reason is not None):
        raise typer.BadParameter("name letters by their keys, or a --reason")
    if not why.strip():
        raise typer.BadParameter("--why is empty")
    with _database(Settings.read()) as (_, conn):
        whole = [dead_letters.whole_key(conn, key) for key in keys or ()]
        count = dead_letters.drop(conn, why=why.strip(), by="command line", keys=whole, reason=reason)
    typer.echo(f"{count} letters dropped")


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, psycopg.Connection[Any]]]:
    """The cell's database: settings that name it, and a connection."""
    import psycopg

    from doorstep.bootstrap import migrate, with_database

    with with_database(settings) as located:
        migrate(located)
        with psycopg.connect(located.database_url or "", autocommit=True) as conn:
            yield located, conn


def _state(said: str) -> State:
    if said not in _STATES:
        raise typer.BadParameter(f"there is no state {said!r}; there are {', '.join(_STATES)}")
    return cast("State", said)


def _safe(text: str) -> str:
    """What a device sent moves no cursor of the terminal it is shown in."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _plain(letter: Kept) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(letter)
    del plain["payload"]
    return plain
