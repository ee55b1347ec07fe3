"""紧急求助: never filtered, never late, never silent; it needs no visit, no worker and no tick."""

from __future__ import annotations

from domain.events.facts import Fact, SosRaised
from projections.alerts.rule import Conclusion, FactRule, Params, Words


class Sos(FactRule):
    """Each SOS fact stands from the moment it was pressed until a person resolves it."""

    name = "sos"
    urgency = 1
    title = Words("紧急求助", "SOS")
    sentence = Words(
        "设备 {device} 在 {started_ms} 发出求助[：{note}]。",
        "Device {device} asked for help at {started_ms}[: {note}].",
    )
    kind = "sos"

    def conclude(self, fact: Fact) -> Conclusion | None:
        assert isinstance(fact, SosRaised)
        params: Params = {"device": fact.device}
        if fact.note:
            params["note"] = fact.note
        if fact.lat is not None and fact.lon is not None:
            params |= {"lat_e7": round(fact.lat * 1e7), "lon_e7": round(fact.lon * 1e7)}
        return Conclusion(str(fact.fact), fact.at_ms, None, params, (fact.fact.bytes,))


RULE = Sos()
