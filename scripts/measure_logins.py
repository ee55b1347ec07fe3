"""What many device logins cost the embedded broker: to sign in, and to have one more admitted while they are connected.

.venv/bin/python scripts/measure_logins.py [--logins 2000] [--connected 1000]
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from doorstep.brokers.accounts import Account, device_accounts
from doorstep.embedded.broker import BrokerUser, EmbeddedBroker
from doorstep.embedded.mqtt_probe import accepts_mqtt
from ingest import credentials
from ingest.credentials import Login, bcrypt_hash, mosquitto_hash

PASSWORD = "p" * 32
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--logins", type=int, default=2_000)
    asked.add_argument("--connected", type=int, default=1_000)
    args = asked.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (args.connected + 500,) * 2)
    accounts = device_accounts([_login(f"d{number}") for number in range(args.logins + 1)])
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedBroker(Path(folder) / "broker", users=[BrokerUser("doorstep", "secret-enough")])
        server.admit(accounts[:-1])
        with server:
            measure(server, accounts, args.connected)


def measure(server: EmbeddedBroker, accounts: list[Account], connected: int) -> None:
    """`accounts`: all but the last one are admitted."""
    pid, port = (server.child.pid if server.child else None) or 0, server.port or 0
    before, began = cpu_s(pid), time.monotonic()
    sockets = [sign_in(port, account.name) for account in accounts[:connected]]
    wall_s, used_s = time.monotonic() - began, cpu_s(pid) - before
    each_ms = used_s / max(connected, 1) * 1_000
    print(f"{len(accounts) - 1} logins, {connected} sign in in turn: {wall_s:.1f} s, {each_ms:.1f} ms of CPU each")

    gaps: list[float] = []
    done = threading.Event()
    watcher = threading.Thread(target=ping, args=(sockets[0] if sockets else sign_in(port, "d0"), gaps, done))
    watcher.start()
    before, began = cpu_s(pid), time.monotonic()
    late = accounts[-1].name
    teller = threading.Thread(target=server.admit, args=(accounts,))
    teller.start()
    while not accepts_mqtt("127.0.0.1", port, (late, PASSWORD), 30.0):
        time.sleep(0.01)
    in_s = time.monotonic() - began
    teller.join()
    print(f"one more is admitted: in after {in_s:.2f} s; all checked again after {time.monotonic() - began:.2f} s, "
          f"{cpu_s(pid) - before:.2f} s of CPU")  # fmt: skip
    done.set()
    watcher.join()
    print(f"meanwhile the longest wait of a connected device for an answer: {max(gaps, default=0) * 1_000:.0f} ms")
    for each in sockets:
        each.close()


def sign_in(port: int, name: str) -> socket.socket:
    """A connected session that says nothing more."""
    fields = [b"c-" + name.encode(), name.encode(), PASSWORD.encode()]
    body = b"\x00\x04MQTT\x04\xc2\x00\x00" + b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    made = socket.create_connection(("127.0.0.1", port), 60.0)
    made.sendall(b"\x10" + bytes([len(body)]) + body)
    answer = made.recv(4)
    assert answer == b"\x20\x02\x00\x00", answer
    return made


def ping(of: socket.socket, gaps: list[float], done: threading.Event) -> None:
    """PINGREQ and its answer, again and again."""
    while not done.wait(0.01):
        began = time.monotonic()
        of.sendall(b"\xc0\x00")
        assert of.recv(2) == b"\xd0\x00"
        gaps.append(time.monotonic() - began)


def cpu_s(pid: int) -> float:
    """What a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _login(name: str) -> Login:
    return Login(
        login=name,
        device=name,
        topics=credentials.topics_of(name),
        bcrypt=bcrypt_hash(PASSWORD),
        mosquitto_hash=mosquitto_hash(PASSWORD),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        revoked_at=None,
    )


if __name__ == "__main__":
    main()
