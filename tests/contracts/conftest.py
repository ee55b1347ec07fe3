"""The certificates of a run, and a running broker of each kind for each module that asks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.contracts.brokers import KINDS, Broker, Certificates, mosquitto_program


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificates")
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of broker that can run here."""
    name: str = request.param
    if name == "mosquitto":
        mosquitto_program()
    return name


@pytest.fixture(scope="module")
def broker(kind: str, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Written and started by the module's own fixture, stopped here."""
    broker = Broker(kind, tmp_path_factory.mktemp(kind), certificates)
    yield broker
    broker.stop()
