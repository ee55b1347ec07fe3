"""The rules in words, as pages are told them."""

from __future__ import annotations

from api.routers.rules import rules_told
from projections.alerts import rules


def test_every_rule_is_told_the_most_urgent_first() -> None:
    told = rules_told().items
    assert {rule.rule for rule in told} == {rule.name for rule in rules()}
    assert told[0].rule == "sos"
    assert [rule.urgency for rule in told] == sorted(rule.urgency for rule in told)


def test_a_rule_is_told_in_both_languages() -> None:
    late = next(rule for rule in rules_told().items if rule.rule == "late")
    assert (late.title.zh, late.title.en) == ("迟到", "Late")
    assert "{promised_ms}" in late.sentence.zh
