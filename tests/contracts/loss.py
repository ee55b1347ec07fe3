"""How many of 500 acknowledged messages for an absent session each broker still has after it was ended.

.venv/bin/python -m tests.contracts.loss
"""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

from tests.contracts.brokers import KINDS, Broker, Certificates, phone
from tests.contracts.clients import Client, device

MESSAGES = 500
PATIENCE_S = 2.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(Path(folder))
        for kind in KINDS:
            for number, wait_s in ((signal.SIGTERM, 0.0), (signal.SIGKILL, 0.0), (signal.SIGKILL, 3.0)):
                broker = Broker(kind, Path(folder) / f"{kind}-{number}-{wait_s:.0f}", certificates)
                print(f"{kind}: {left(broker, number, wait_s)} of {MESSAGES} after {number.name}, {wait_s:.0f} s later")


def left(broker: Broker, number: signal.Signals, wait_s: float) -> int:
    """How many are there after the broker was ended, so long after its last acknowledgement, and started again."""
    sender = phone("sender-1", "doorstep/v1/p1")
    broker.write([sender])
    broker.start()
    try:
        with absent(broker) as ingest:
            assert ingest.subscribe("doorstep/v1/#")
        with device(broker, sender) as client:
            client.publish([("doorstep/v1/p1/position", b"%d" % n) for n in range(MESSAGES)])
        time.sleep(wait_s)
        broker.end(number)
        broker.start()
        with absent(broker) as ingest:
            end = time.monotonic() + PATIENCE_S
            while len(distinct := {payload for _, payload, _ in ingest.got}) < MESSAGES and time.monotonic() < end:
                time.sleep(0.02)
            return len(distinct)
    finally:
        broker.stop()


def absent(broker: Broker) -> Client:
    return Client(broker, "doorstep", broker.kept.password, "absent", port=broker.own_port, clean=False)


if __name__ == "__main__":
    main()
