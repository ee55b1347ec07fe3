"""What docker-compose.yml, deploy/ and the Dockerfile must keep to, as checks that say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
import yaml

from doorstep.cli import app
from doorstep.health import CHECKS
from doorstep.settings import PREFIX, Settings
from doorstep.supervisor import ROLES

ROOT = Path(__file__).parents[2]
COMPOSE, DOCKERFILE, TLS, EXAMPLE = "docker-compose.yml", "Dockerfile", "deploy/tls.yml", "deploy/example.env"

ONE_SHOT = ("migrate",)
PUBLISHED = {"api": ["8080"], "broker": ["1883"], "ingest": ["5055"]}
PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}")
TOOLS = {"database": {"pg_isready"}, "broker": {"wget"}}
"""In the images of others: pg_isready comes with every PostgreSQL, wget with Alpine's busybox."""
SECRET = re.compile(r"(PASSWORD|TOKEN|SECRET)$")
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
SETTINGS = {PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)}


class _Loader(yaml.CSafeLoader):
    """YAML with compose's `!override`."""


_Loader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))


def texts() -> dict[str, str]:
    """The files as they are."""
    return {name: (ROOT / name).read_text() for name in (COMPOSE, DOCKERFILE, TLS, EXAMPLE)}


def wrong(files: dict[str, str]) -> list[str]:
    """Everything that is wrong with them, as sentences."""
    compose = yaml.load(files[COMPOSE], _Loader)
    overlay = yaml.load(files[TLS], _Loader)
    services: dict[str, dict[str, Any]] = compose["services"]
    return [
        *_images(services),
        *_roles(services),
        *_health(services),
        *_ports(services),
        *_variables(files),
        *_secrets(files, [*services.items(), *overlay["services"].items()]),
        *_dockerfile(files[DOCKERFILE], compose),
        *(f"{TLS} changes {name}, which {COMPOSE} lacks" for name in overlay["services"] if name not in services),
    ]


def _images(services: dict[str, dict[str, Any]]) -> Iterator[str]:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    for name, service in services.items():
        ours = "build" in service
        if ours and service["image"] != f"doorstep:{version[1]}":
            yield f"{name} runs {service['image']}, this is {version[1]}"
        if not ours and not PINNED.fullmatch(service["image"]):
            yield f"{name}'s image {service['image']} is not pinned by tag and digest"


def _roles(services: dict[str, dict[str, Any]]) -> Iterator[str]:
    ours = {name: service for name, service in services.items() if "build" in service}
    if ours.keys() != {*ROLES, *ONE_SHOT}:
        yield f"the services of our image are {sorted(ours)}"
    for name, service in ours.items():
        if service.get("command") != [name]:
            yield f"{name} runs {service.get('command')}"
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            yield f"{name} may do more than it needs"
        waits = service["depends_on"]
        if waits.get("database") != {"condition": "service_healthy"}:
            yield f"{name} does not wait for the database"
        if name not in ONE_SHOT and waits.get("migrate") != {"condition": "service_completed_successfully"}:
            yield f"{name} does not wait for the tables"
    for name, service in services.items():
        if service.get("restart") != ("on-failure" if name in ONE_SHOT else "unless-stopped"):
            yield f"{name} is not started again"


def _health(services: dict[str, dict[str, Any]]) -> Iterator[str]:
    commands = typer.main.get_command(app)
    assert hasattr(commands, "commands")
    for name, service in services.items():
        check = service.get("healthcheck", {})
        if name in ONE_SHOT:
            continue
        kind, program, *arguments = check.get("test", ["", ""])
        if kind != "CMD":
            yield f"{name} has no health check that is a command"
        elif "build" not in service:
            if program not in TOOLS[name]:
                yield f"{name} has no {program} in its image"
        elif program != "doorstep" or arguments[:1] != ["health"] or "health" not in commands.commands:
            yield f"{name}'s health check is no command of ours"
        elif arguments[1:] != [name] or name not in CHECKS:
            yield f"{name}'s health check looks at {arguments[1:]}"


def _ports(services: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, service in services.items():
        inside = [str(port).rsplit(":", 1)[-1] for port in service.get("ports", ())]
        if inside != PUBLISHED.get(name, []):
            yield f"{name} publishes {inside}"
        for port in service.get("ports", ()):
            if not str(port).startswith("${DOORSTEP_LISTEN:-127.0.0.1}:"):
                yield f"{name} publishes {port} to everybody"


def _variables(files: dict[str, str]) -> Iterator[str]:
    offered = set(re.findall(r"^#?([A-Z][A-Z_]*)=", files[EXAMPLE], re.MULTILINE))
    named = {word for name, text in files.items() if name != DOCKERFILE for word in re.findall(r"\bDOORSTEP_\w+", text)}
    yield from (f"{name} is no setting" for name in sorted(named - SETTINGS))
    wanted = {name for file in (COMPOSE, TLS) for name, *_ in VARIABLE.findall(files[file])}
    yield from (f"{name} is not in {EXAMPLE}" for name in sorted(wanted - offered))
    yield from (f"{name} is in {EXAMPLE} and nowhere else" for name in sorted(offered - wanted))
    required = {name for name, kind, _ in VARIABLE.findall(files[COMPOSE]) if kind == "?"}
    filled = set(re.findall(r"^([A-Z][A-Z_]*)=", files[EXAMPLE], re.MULTILINE))
    yield from (f"{name} is required, and {EXAMPLE} does not say so" for name in sorted(required ^ filled))


def _secrets(files: dict[str, str], services: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    for name, kind, _ in VARIABLE.findall(files[COMPOSE] + files[TLS]):
        if SECRET.search(name) and kind != "?":
            yield f"{name} has a default"
    for service, content in services:
        for name, value in content.get("environment", {}).items():
            if SECRET.search(name) and not VARIABLE.fullmatch(str(value).strip('"')):
                yield f"{service} has {name} written out"
            if re.search(r"://\w+:(?!\$\{)[^@]*@", str(value)):
                yield f"{service} has a password in {name}"
    for line in files[EXAMPLE].splitlines():
        if SECRET.search(line.partition("=")[0]) and line.partition("=")[2]:
            yield f"{EXAMPLE} comes with a {line.partition('=')[0]}"


def _dockerfile(text: str, compose: dict[str, Any]) -> Iterator[str]:
    stages = [f"FROM {stage}" for stage in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]]
    for stage in stages:
        image = stage.split()[1]
        if not PINNED.fullmatch(image):
            yield f"the Dockerfile's {image} is not pinned by tag and digest"
    first, last = stages[0], stages[-1]
    if "pip wheel" not in first or "COPY . ." not in first:
        yield "the image's pages are not built with the wheel"
    if len(stages) < 2 or "COPY --from=build /opt/doorstep" not in last or "COPY . " in last:
        yield "the build's tools stay in the image"
    user = re.search(r"^USER (\S+)$", last, re.MULTILINE)
    if user is None or user[1] in ("0", "root"):
        yield "the image runs as root"
    check = re.search(r'^HEALTHCHECK .*CMD \["doorstep", "health", "(\w+)"\]$', last, re.MULTILINE)
    command = re.search(r'^CMD \["(\w+)"\]$', last, re.MULTILINE)
    if check is None or command is None or check[1] != command[1] or command[1] not in ROLES:
        yield "the image's health check is not that of its default role"
    label = re.search(r'image\.version="(.+?)"', last)
    if label is None or f"doorstep:{label[1]}" != compose["services"]["api"]["image"]:
        yield "the image's label names another version than the compose file"
