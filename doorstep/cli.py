"""The command line. Each command imports its room only when called and leaves the wiring to bootstrap."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

from domain.errors import DoorstepError
from doorstep.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """Doorstep follows home-service visits: who is coming, where they are, and whether they are on time."""


@app.command()
def up(
    listen: Annotated[
        str | None, typer.Option(help="address to listen on; beyond loopback set DOORSTEP_PASSWORD")
    ] = None,
) -> None:
    """Run everything embedded: database, broker and all roles, until Ctrl-C."""
    from doorstep.bootstrap import stop_on_signals
    from doorstep.supervisor import Supervisor

    settings = Settings.read({"listen": listen})
    stop = stop_on_signals()
    with Supervisor(settings) as running:
        typer.echo(f"API {running.api_url}\nlogs {settings.home / 'logs'}")
        stop.wait()
        typer.echo("stopping")


@app.command()
def clock() -> None:
    """Run the clock: append the ticks by which lateness and absence are judged."""
    from doorstep.bootstrap import announce_ready, event_log, metronome, stop_on_signals

    settings, stop = _role_settings(), stop_on_signals()
    with event_log(settings) as log:
        beat = metronome(settings, log)
        announce_ready(settings)
        beat.run(stop)


@app.command()
def migrate() -> None:
    """Create what the database lacks."""
    from doorstep.bootstrap import migrate, with_database

    with with_database(Settings.read()) as settings:
        migrate(settings)


def main() -> None:
    """The entry point: errors that have a name end with one line and exit code 1."""
    try:
        app()
    except DoorstepError as error:
        sys.exit(f"doorstep: {error}")


def _role_settings() -> Settings:
    """Settings of a long-running role, with the servers of the running `up` where none are set; logs to stderr."""
    from doorstep.bootstrap import with_running_servers

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return with_running_servers(Settings.read())


if __name__ == "__main__":
    main()
