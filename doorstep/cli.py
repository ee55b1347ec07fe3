"""The command line. Each command imports its room only when called and leaves the wiring to bootstrap."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import DoorstepError
from doorstep import letters
from doorstep.broker_config import broker_config
from doorstep.settings import Settings
from simulators.errors import PlayError

if TYPE_CHECKING:
    from projections.digest import Digests

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(letters.app, name="dead-letters")
exports = typer.Typer(no_args_is_help=True, help="Write what a cell holds to a file.")
app.add_typer(exports, name="export")
app.command("broker-config")(broker_config)


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
    from doorstep.bootstrap import staff_token, stop_on_signals
    from doorstep.supervisor import Supervisor

    settings = Settings.read({"listen": listen})
    stop = stop_on_signals()
    with Supervisor(settings) as running:
        console = f"{running.api_url}/console#token={staff_token(settings)}"
        typer.echo(f"API {running.api_url}\nconsole {console}\nlogs {settings.home / 'logs'}")
        stop.wait()
        typer.echo("stopping")


@app.command()
def demo(
    speed: Annotated[float, typer.Option(help="cell seconds per wall second")] = 60.0,
    seed: Annotated[int, typer.Option(help="another seed is another day")] = 1,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="open no page")] = False,
) -> None:
    """Everything embedded plus a simulated day; prints the customer's link and the console's address."""
    from doorstep.bootstrap import stop_on_signals
    from doorstep.demo import demo

    demo(Settings.read(), speed=speed, seed=seed, browser=not no_browser, stop=stop_on_signals())


@app.command()
def phone(
    worker: Annotated[str, typer.Argument(help="who carries it: the worker's key")],
    name: Annotated[str | None, typer.Option(help="enter the worker under this name where there is none yet")] = None,
    device: Annotated[str, typer.Option(help="the phone among the worker's phones")] = "phone",
    host: Annotated[str | None, typer.Option(help="how the phone reaches this machine; unset: guessed")] = None,
    port: Annotated[int | None, typer.Option(help="the port as the phone sees it", min=1, max=65535)] = None,
    app: Annotated[str, typer.Option(help="owntracks or traccar; the latter speaks HTTP")] = "owntracks",
    http: Annotated[bool, typer.Option("--http", help="over HTTP instead of MQTT, with a login of its own")] = False,
) -> None:
    """Let a worker's own phone speak for them through an app: its settings, as a link and a QR code."""
    from doorstep.bootstrap import phones_share_a_login
    from doorstep.phone import bind, invite, phone_of

    settings = Settings.read()
    if app not in ("owntracks", "traccar"):
        raise typer.BadParameter(f"{app!r} is neither owntracks nor traccar")
    by_http = app == "traccar" or http
    if by_http or not phones_share_a_login(settings):
        asked = {"app": app, "mode": "http" if by_http else "mqtt", "device": device, "host": host, "port": port}
        typer.echo("\n".join(invite(settings, worker, name, asked)))
        return
    found, guessed = phone_of(settings, worker, name=device, host=host, port=port)
    bind(settings, found, name)
    typer.echo("\n".join(found.lines(guessed=guessed)))


@app.command()
def replay(
    source: Annotated[Path, typer.Argument(help="a day's folder or a track as CSV (.gz)")],
    speed: Annotated[str, typer.Option(help="cell seconds per wall second, or max")] = "max",
    worker: Annotated[str, typer.Option(help="who carries the phone")] = "replayed",
    device: Annotated[str, typer.Option(help="the phone")] = "replayed-phone",
    every_s: Annotated[float, typer.Option(help="seconds between two ticks of a followed clock", min=0.1)] = 5.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="to a temporary cell, not to the running one")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the result as JSON")] = False,
) -> None:
    """Replay a recorded day over MQTT with visits at its real stops, and compare arrivals."""
    from contextlib import nullcontext

    from doorstep.replay import fresh_cell, replay_to, running_cell

    settings = Settings.read()
    pace = None if speed == "max" else _positive(speed)
    with fresh_cell(settings) if fresh else nullcontext(running_cell(settings)) as address:
        told = replay_to(
            address,
            source,
            data=settings.data,
            speed=pace,
            worker=worker,
            device=device,
            every_ms=round(every_s * 1000),
        )
    typer.echo(told.json() if as_json else "\n".join(told.lines()))


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="another seed is another day")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="how many go out")] = 20,
    visits: Annotated[int, typer.Option(min=1, help="how many are promised")] = 100,
    hours: Annotated[float, typer.Option(min=1, max=18, help="from the first window to the last visit's end")] = 12.0,
    speed: Annotated[str, typer.Option(help="cell seconds per wall second, or max")] = "max",
    start: Annotated[
        str | None, typer.Option(help="when the day begins (RFC 3339), where time is ours to tell")
    ] = None,
    mqtt: Annotated[str | None, typer.Option(help="another broker than the running cell's own")] = None,
    truth: Annotated[Path | None, typer.Option(help="write there what truly happens")] = None,
    anomalies: Annotated[bool, typer.Option(help="things go wrong, and some only seem to")] = True,
    owntracks: Annotated[float, typer.Option(min=0, max=1, help="share of the workers with OwnTracks")] = 1 / 3,
    every_s: Annotated[float, typer.Option(help="seconds between two ticks of a followed clock", min=0.1)] = 5.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="to a temporary cell, not to the running one")] = False,
    score: Annotated[bool, typer.Option("--score", help="compare with the truth at the end")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the result as JSON")] = False,
) -> None:
    """Play a company's day: every device over MQTT, with what goes wrong, and the truth of it."""
    import msgspec

    from doorstep.simulate import START, Ask, cell_for, simulate

    ask = Ask(
        seed=seed,
        workers=workers,
        visits=visits,
        speed=None if speed == "max" else _positive(speed),
        start_ms=_instant_ms(start or START),
        owntracks=owntracks,
        anomalies=anomalies,
        every_ms=round(every_s * 1000),
        hours=hours,
    )
    with cell_for(Settings.read(), ask, fresh=fresh, mqtt_url=mqtt) as address:
        told = simulate(address, ask, truth=truth, scored=score)
    typer.echo(msgspec.json.encode(told) if as_json else "\n".join(told.lines()))


@app.command()
def score(
    truth: Annotated[Path, typer.Option(help="written by `simulate --truth`")],
    as_json: Annotated[bool, typer.Option("--json", help="the result as JSON")] = False,
) -> None:
    """Compare the running cell's alerts and statuses with the truth of a simulated day."""
    import msgspec

    from doorstep.replay import running_cell
    from doorstep.score import score_file
    from simulators.scoring import lines

    found = score_file(running_cell(Settings.read()), truth)
    typer.echo(msgspec.json.encode(found) if as_json else "\n".join(lines(found)))


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
def project() -> None:
    """Run the projector: fold the log into what people read."""
    from doorstep.bootstrap import announce_ready, event_log, projector, stop_on_signals

    settings, stop = _role_settings(), stop_on_signals()
    with event_log(settings) as log:
        runner = projector(settings, log)
        announce_ready(settings)
        runner.run(stop)


@app.command()
def api() -> None:
    """Run the API: the doors for customers, staff and systems, and the pages."""
    from api.serve import serve
    from doorstep.bootstrap import announce_ready, event_log, stop_on_signals
    from doorstep.bootstrap_api import api_app

    settings, stop = _role_settings(), stop_on_signals()
    with event_log(settings, checkout_s=max(1, round(settings.checkout_s)), read_attempts=2) as log:
        serve(
            api_app(settings, log),
            host=settings.listen,
            port=settings.api_port,
            stop=stop,
            on_ready=lambda: announce_ready(settings),
        )


@app.command()
def rebuild(
    unit: Annotated[str, typer.Argument(help="which unit; there is one: the judge's")] = "judge",
    page: Annotated[int | None, typer.Option(min=0, help="log rows a transaction; 0: the whole log in one")] = None,
    swap: Annotated[bool, typer.Option(help="put the result in the live one's place")] = True,
) -> None:
    """Fold the whole log anew beside the live projections, compare, and swap."""
    import msgspec

    from doorstep.bootstrap import event_log, migrate, with_database
    from projections.rebuild import rebuild

    with with_database(Settings.read()) as settings:
        migrate(settings)
        with event_log(settings) as log:
            rows = settings.rebuild_page_rows if page is None else page or None
            rebuilt = rebuild(settings.database_url or "", log, schema=_known_unit(unit), page_rows=rows, swap=swap)
    summary = {name: value for name, value in msgspec.structs.asdict(rebuilt).items() if name not in ("live", "fresh")}
    typer.echo(msgspec.json.encode({**summary, "exact": rebuilt.fresh.all_exact}))


@app.command()
def digest(
    at: Annotated[str | None, typer.Option(help="as of this instant (RFC 3339), later than all facts")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything, as JSON")] = False,
) -> None:
    """The exact and the settled digest of each projection: equal where two cells concluded the same."""
    import msgspec

    from doorstep.bootstrap import digests, event_log, migrate, with_database
    from projections.rebuild import settled_at

    at_ms = None if at is None else _instant_ms(at)
    with with_database(Settings.read()) as settings:
        migrate(settings)
        if at_ms is None:
            found = digests(settings)
        else:
            with event_log(settings) as log:
                found = settled_at(settings.database_url or "", log, at_ms, page_rows=settings.rebuild_page_rows)
    typer.echo(msgspec.json.encode(found) if as_json else _digest_lines(found))


@app.command()
def lag(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """How far the projections are behind the log; exit code 1 where they have stopped."""
    import msgspec

    from doorstep.bootstrap import migrate, projector_lag, with_database

    with with_database(Settings.read()) as settings:
        migrate(settings)
        found = projector_lag(settings)
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        typer.echo(f"{found.unit}: {found.behind} behind, at {found.position} of {found.head}, {found.error or 'well'}")
    if found.error is not None:
        raise typer.Exit(1)


@app.command()
def health(role: Annotated[str, typer.Argument(help="clock, project, ingest or api")]) -> None:
    """Whether one role does its work; exit code 1 where it does not. For container engines and for people."""
    from doorstep.health import unhealthy

    settings = Settings.read()
    if settings.database_url is None:
        from doorstep.bootstrap import with_running_servers

        settings = with_running_servers(settings)
    reason = unhealthy(settings, role)
    typer.echo(f"{role}: {reason or 'well'}")
    if reason is not None:
        raise typer.Exit(1)


@exports.command("log")
def export_log(file: Annotated[Path, typer.Argument(help="e.g. day.log.gz")]) -> None:
    """Write the log, verbatim."""
    from doorstep.bootstrap import with_database
    from eventlog.archive import export_log

    with with_database(Settings.read()) as settings:
        typer.echo(f"{export_log(settings.database_url or '', file)} events")


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(help="written by `export log`")]) -> None:
    """Fill an empty cell with an exported log. Nothing else may run in the cell meanwhile."""
    from doorstep.bootstrap import with_database
    from eventlog.archive import import_log

    with with_database(Settings.read()) as settings:
        typer.echo(f"{import_log(settings.database_url or '', file)} events")


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="ingest, fanout, crowd or all: ingest and fanout")] = "all",
    seconds: Annotated[float | None, typer.Option(help="length of each load; unset: 10, of the crowd 600")] = None,
    messages: Annotated[int | None, typer.Option(help="ingest: one flood of so many, to see memory stay flat")] = None,
    devices: Annotated[int, typer.Option(min=1, help="crowd: how many are connected")] = 10_000,
    sync: Annotated[str, typer.Option(help="crowd: when the broker syncs, e.g. always")] = "100ms",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measure the whole path on this machine, with everything real and running."""
    from doorstep.bench.run import run

    run(what, seconds=seconds, as_json=as_json, messages=messages, devices=devices, sync=sync)


@app.command()
def ingest() -> None:
    """Run ingest: from the broker into the log, acknowledged after the commit."""
    from doorstep.bootstrap import announce_ready, event_log, ingest, stop_on_signals

    settings, stop = _role_settings(), stop_on_signals()
    with event_log(settings) as log:
        ingest(settings, log).run(stop, lambda: announce_ready(settings))


@app.command("base-map")
def base_map(file: Annotated[Path, typer.Argument(help="e.g. town.pmtiles")]) -> None:
    """Write the demo city's base map, for DOORSTEP_BASE_MAP=pmtiles and DOORSTEP_BASE_MAP_URL=FILE."""
    from simulators.base_map import write_base_map

    typer.echo(f"{write_base_map(file)} bytes")


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
    except (DoorstepError, PlayError) as error:
        sys.exit(f"doorstep: {error}")


def _known_unit(name: str) -> str:
    from projections.unit import JUDGE

    if name != JUDGE:
        raise typer.BadParameter(f"there is no unit {name!r}; there is {JUDGE}")
    return name


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not number > 0:
        raise typer.BadParameter(f"{text!r} is neither a number above 0 nor max")
    return number


def _instant_ms(text: str) -> int:
    from datetime import datetime

    from domain.time import from_datetime

    try:
        return from_datetime(datetime.fromisoformat(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no RFC 3339 time: {error}") from None


def _digest_lines(found: Digests) -> str:
    lines = [f"{'all':<16} exact {found.all_exact[:16]} settled {found.all_settled[:16]}"]
    for name, exact in found.exact.items():
        settled = found.settled.get(name, "-")[:16]
        lines.append(f"{name:<16} exact {exact[:16]} settled {settled:<16} {found.rows[name]:>8} rows")
    return "\n".join(lines)


def _role_settings() -> Settings:
    """Settings of a long-running role, with the servers of the running `up` where none are set; logs to stderr."""
    from doorstep.bootstrap import with_running_servers

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return with_running_servers(Settings.read())


if __name__ == "__main__":
    main()
