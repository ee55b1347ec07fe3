"""`doorstep demo`: a cell of its own with a scaled clock, a simulated day played to it, and two addresses to open.

Every start is a fresh cell. What the last demo left in the database and in the broker is dropped; the database's files
stay, because creating them takes longer than all the rest.
"""

from __future__ import annotations

import shutil
import threading
import webbrowser
from collections.abc import Callable
from datetime import timedelta

import msgspec
import psycopg
from psycopg import conninfo

from domain.time import to_datetime
from domain.zones import zone
from doorstep import bootstrap
from doorstep.embedded.folder import FolderLock
from doorstep.embedded.postgres import DATABASE
from doorstep.settings import Settings
from doorstep.supervisor import Supervisor
from eventlog.clock import ClockMode, wall_ms
from simulators.base_map import write_base_map
from simulators.cell import Cell, CellTime
from simulators.day import Day, seeded_day
from simulators.errors import PlayError
from simulators.play import in_step
from simulators.publisher import Publisher
from simulators.town import ZONE

HOME = "demo"
"""The demo's home within the home that is set."""
BASE_MAP = "base-map.pmtiles"
"""The made city's streets, within the demo's home."""

_BEGINS = timedelta(hours=7, minutes=45)
_WAIT_FOR_HOME_S = 3.0
_TEXT_BROWSERS = ("www-browser", "links", "elinks", "lynx", "w3m", "browsh")
"""They would take the terminal in which the demo speaks."""


def demo(settings: Settings, *, speed: float, seed: int, browser: bool, stop: threading.Event) -> None:
    """Run until `stop`; says on standard output what there is to open. Raises DoorstepError, PlayError."""
    settings = demo_settings(settings, speed)
    forget_last(settings)
    if settings.base_map_url == str(settings.home / BASE_MAP):
        write_base_map(settings.home / BASE_MAP)
    supervisor = Supervisor(settings)
    with supervisor as running:
        url = f"http://127.0.0.1:{supervisor.settings.api_port}"
        token = bootstrap.staff_token(settings)
        with Cell(url, token) as cell:
            clock = CellTime(cell)
            day = seeded_day(seed, clock.now_ms())
            cell.plan(day.plan)
            customer, console = cell.link(day.shown), f"{running.api_url}/console#token={token}"
            print(f"\ncustomer  {customer}\nconsole   {console}\nlogs      {settings.home / 'logs'}\n", flush=True)
            player = threading.Thread(
                target=_play, args=(day, running.mqtt_url, clock, stop), name="simulator", daemon=True
            )
            player.start()
            if browser:
                open_in_browser(customer)
            stop.wait()
            print("stopping", flush=True)
            player.join(settings.stop_timeout_s)


def demo_settings(settings: Settings, speed: float) -> Settings:
    """The settings of the demo's cell: its own home and servers, and a clock that begins this morning in Shanghai.

    Below the markers lie the made city's streets, unless a base map is set.
    """
    today = to_datetime(wall_ms()).astimezone(zone(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    home = (settings.home / HOME).absolute()
    if settings.base_map == "none":
        settings = msgspec.structs.replace(settings, base_map="pmtiles", base_map_url=str(home / BASE_MAP))
    return msgspec.structs.replace(
        settings,
        home=home,
        database_url=None,
        mqtt_url=None,
        clock_mode=ClockMode.SCALED,
        clock_start=today + _BEGINS,
        clock_rate=speed,
        zone=ZONE,
    )


def forget_last(settings: Settings) -> None:
    """Drop what the last demo on this home left behind. Raises FolderInUse while one runs there."""
    lock = FolderLock(settings.home)
    lock.acquire(_WAIT_FOR_HOME_S)
    try:
        shutil.rmtree(settings.home / "broker", ignore_errors=True)
        if (settings.home / "postgres/cluster").exists():
            with bootstrap.postgres(settings) as database_url:
                admin = conninfo.make_conninfo(database_url, dbname="postgres")
                with psycopg.connect(admin, autocommit=True) as connection:
                    connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    finally:
        lock.release()


def open_in_browser(url: str, get: Callable[[], webbrowser.BaseBrowser] = webbrowser.get) -> bool:
    """Open a page where there is a browser with a window of its own."""
    try:
        found = get()
    except webbrowser.Error:
        return False
    return found.name not in _TEXT_BROWSERS and found.open(url)


def _play(day: Day, mqtt_url: str, clock: CellTime, stop: threading.Event) -> None:
    try:
        with Publisher(mqtt_url, client_id="doorstep-demo") as publisher:
            if in_step(day.sendings, publisher, clock, stop):
                print("the simulated day is over; everything stays open until Ctrl-C", flush=True)
    except PlayError as error:
        print(f"the simulator has stopped: {error}; everything else goes on until Ctrl-C", flush=True)
