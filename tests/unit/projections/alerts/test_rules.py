"""What holds for every rule in the folder, whoever added it."""

from __future__ import annotations

import re

import pytest

from projections.alerts import Rule, rules

KNOWN_OF_ALL = {"started_ms", "ended_ms", "lasted_s"}
UNITS = ("_ms", "_s", "_m", "_mps", "_pct")


def test_the_folder_is_scanned() -> None:
    assert {"at_risk", "late", "no_show", "sos", "left_site"} <= {rule.name for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_says_in_both_languages_what_it_is(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,63}", rule.name)
    assert rule.version >= 1
    assert 1 <= rule.urgency <= 9
    assert rule.title.zh
    assert rule.title.en
    named = [set(re.findall(r"{(\w+)}", text)) for text in rule.sentence]
    assert named[0] == named[1], "the two languages name different parameters"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_sentence_can_be_shown(rule: Rule) -> None:
    for text in rule.sentence:
        assert text.count("[") == text.count("]")
        assert not re.search(r"\[[^\]]*\[", text), "brackets in brackets"
        assert not re.search(r"[{}]", re.sub(r"{\w+}", "", text)), "a brace without its pair"
        for name in re.findall(r"{(\w+)}", text):
            assert name in KNOWN_OF_ALL or name.endswith(UNITS) or name in ("note", "worker", "device"), name
