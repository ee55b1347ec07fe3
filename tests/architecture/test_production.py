"""docker-compose.yml, deploy/ and the Dockerfile keep to what was decided, and each check sees what it is for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from doorstep.embedded.broker import find_program
from tests.architecture.production import COMPOSE, DOCKERFILE, EXAMPLE, ROOT, TLS, texts, wrong


def test_what_runs_in_production_is_as_decided() -> None:
    assert wrong(texts()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (COMPOSE, "timescale/timescaledb:2.29.1-pg17@", "timescale/timescaledb@", "not pinned"),
        (COMPOSE, "nats:2.15.0-alpine3.22@sha256:ac8f", "nats:latest@sha256:ac8f", "not pinned"),
        (COMPOSE, "image: doorstep:0.1.0", "image: doorstep:0.0.9", "this is"),
        (COMPOSE, "DOORSTEP_ZONE: $", "DOORSTEP_TIMEZONE: $", "DOORSTEP_TIMEZONE is no setting"),
        (COMPOSE, "  clock:\n", "  tick:\n", "services of our image"),
        (COMPOSE, "command: [ingest]", "command: [project]", "ingest runs"),
        (COMPOSE, "read_only: true\n  tmpfs: [/tmp]\n  cap_drop: [ALL]\n  stop", "stop", "more than it needs"),
        (COMPOSE, "service_completed_successfully", "service_started", "wait for the tables"),
        (COMPOSE, "restart: unless-stopped", "restart: no", "not started again"),
        (COMPOSE, "[CMD, doorstep, health, clock]", "[CMD, doorstep, alive, clock]", "no command of ours"),
        (COMPOSE, "[CMD, doorstep, health, clock]", "[CMD, doorstep, health, api]", "clock's health check looks at"),
        (COMPOSE, "[CMD, wget,", "[CMD, curl,", "no curl in its image"),
        (COMPOSE, "test: [CMD, pg_isready", "test: [NONE, pg_isready", "no health check"),
        (COMPOSE, "    shm_size: 256m", '    ports: ["5432:5432"]', "database publishes"),
        (COMPOSE, "${DOORSTEP_LISTEN:-127.0.0.1}:${DOORSTEP_API", "${DOORSTEP_API", "to everybody"),
        (COMPOSE, "${POSTGRES_PASSWORD:?see", "${POSTGRES_PASSWORD:-see", "POSTGRES_PASSWORD has a default"),
        (COMPOSE, "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?see deploy/example.env}", "POSTGRES_PASSWORD: a", "written"),
        (COMPOSE, "doorstep:${POSTGRES_PASSWORD:?see deploy/example.env}@", "doorstep:secret@", "a password in"),
        (COMPOSE, "${DOORSTEP_BASE_MAP:-none}", "${DOORSTEP_LINK_VALID_H:-72}", "DOORSTEP_LINK_VALID_H is not in"),
        (TLS, "  ingest: &mqtts", "  intake: &mqtts", "which docker-compose.yml lacks"),
        (EXAMPLE, "DOORSTEP_STAFF_TOKEN=", "DOORSTEP_STAFF_TOKEN=staff", "comes with a DOORSTEP_STAFF_TOKEN"),
        (EXAMPLE, "POSTGRES_PASSWORD=\n", "", "POSTGRES_PASSWORD is not in"),
        (EXAMPLE, "\nPOSTGRES_PASSWORD=", "\n#POSTGRES_PASSWORD=", "POSTGRES_PASSWORD is required"),
        (DOCKERFILE, "FROM python:3.11.15-slim-trixie@", "FROM python:3-slim@", "not pinned"),
        (DOCKERFILE, "pip wheel --no-cache-dir", "pip download --no-cache-dir", "pages are not built"),
        (DOCKERFILE, "COPY --from=build /opt/doorstep", "COPY . ", "tools stay"),
        (DOCKERFILE, "USER 10001", "USER root", "runs as root"),
        (DOCKERFILE, '"health", "api"', '"health", "clock"', "default role"),
        (DOCKERFILE, 'image.version="0.1.0"', 'image.version="0.2.0"', "another version"),
    ],
)
def test_a_file_that_says_something_else_is_noticed(file: str, old: str, new: str, says: str) -> None:
    files = texts()
    assert old in files[file]
    changed = files | {file: files[file].replace(old, new)}
    assert any(says in sentence for sentence in wrong(changed)), wrong(changed)


def test_the_broker_takes_its_configuration_and_no_start_without_passwords() -> None:
    passwords = {"DOORSTEP_PASSWORD": '"0a"', "DOORSTEP_DEVICE_PASSWORD": '"1b"'}
    assert checked("nats.conf", passwords).returncode == 0
    assert "DOORSTEP_DEVICE_PASSWORD" in checked("nats.conf", {"DOORSTEP_PASSWORD": '"0a"'}).stderr


def test_the_broker_with_tls_lacks_nothing_but_its_certificate() -> None:
    passwords = {"DOORSTEP_PASSWORD": '"0a"', "DOORSTEP_DEVICE_PASSWORD": '"1b"'}
    assert "open /etc/nats-certificates/tls.crt" in checked("nats-tls.conf", passwords).stderr


def checked(name: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What the broker says of a configuration that it only reads."""
    file: Path = ROOT / "deploy" / name
    command = [str(find_program()), "-t", "-c", str(file)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
