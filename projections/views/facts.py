"""Every fact that is not a position, for the timeline of a visit and for folding it again."""

from __future__ import annotations

from domain.bindings import thing_of
from domain.events import encode
from domain.events.facts import Fact, TimeQuality
from projections.tables import Table, Writer
from projections.view import Quiet

FACTS = Table(
    name="facts",
    columns={
        "fact": "uuid",
        "device": "text",
        "kind": "text",
        "at": "ms",
        "observed_at": "ms",
        "quality": "text",
        "received_at": "ms",
        "worker": "text",
        "visit": "text",
        "thing": "text",
        "topic": "text",
        "body": "text",
        "known_at": "ms",
        "place": "int8",
    },
    key=("fact",),
    settled=("fact", "device", "kind", "observed_at"),
    settled_where=f"quality = '{TimeQuality.DEVICE.value}'",
    places=("place",),
    indexes=(
        "(device, at)",
        "(worker, at) WHERE worker IS NOT NULL",
        "(visit, at) WHERE visit IS NOT NULL",
        "(thing, at) WHERE thing IS NOT NULL",
    ),
    keep_first=True,
)
"""`body` is the stored event of `topic`; `observed_at` the device's claim, `received_at` its receipt where that was not
believed, `at` the instant that it is judged at (moved where the device's clock is corrected); `visit` and `worker` as
the sender says; `thing`: the registry's id of the tag or beacon that it tells of."""


class Facts(Quiet):
    """Facts as they come, each once."""

    tables = (FACTS,)

    def on_fact(self, fact: Fact, at_ms: int, place: int, known_ms: int, out: Writer) -> None:
        out.put_first(
            FACTS,
            fact=fact.fact,
            device=fact.device,
            kind=fact.KIND,
            at=at_ms,
            observed_at=fact.observed_at_ms,
            quality=fact.quality.value,
            received_at=None if fact.quality is TimeQuality.DEVICE else fact.recorded_at_ms,
            worker=fact.worker,
            visit=getattr(fact, "visit", None),
            thing=thing_of(fact),
            topic=fact.TOPIC,
            body=encode(fact).decode(),
            known_at=known_ms,
            place=place,
        )


VIEW = Facts()
