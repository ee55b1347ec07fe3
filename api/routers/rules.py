"""The alert rules and what they say of themselves, so that a page can explain any alert in the reader's language."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from api.auth import Staff
from api.routers.answers import STAFF_PROBLEMS, json
from projections.alerts import Rule, rules

router = APIRouter(prefix="/v1", tags=["alerts"], responses=STAFF_PROBLEMS)


class WordsShape(BaseModel, frozen=True):
    """A text in both languages."""

    zh: str
    en: str


class RuleShape(BaseModel, frozen=True):
    """A rule. `urgency` orders an inbox, 1 (drop everything) to 9. In `sentence`, `{name}` is a parameter of the alert,
    shown by its unit (`_ms` an instant, `_s` a duration, `_m` a distance, `_mps` a speed); `{started_ms}`, `{ended_ms}`
    and `{lasted_s}` are known of every alert; what stands in [brackets] is left out where a parameter is missing, and
    [said|otherwise] then says the second part."""

    rule: str
    version: int
    urgency: int
    title: WordsShape
    sentence: WordsShape


class RulesShape(BaseModel, frozen=True):
    """Every rule, the most urgent first."""

    items: list[RuleShape]


@router.get("/rules", response_model=RulesShape, summary="The alert rules, in words")
def list_rules(by: Staff) -> Response:
    """Rules come with the program; there is nothing to page."""
    return json(rules_told())


def rules_told() -> RulesShape:
    """What the endpoint answers."""
    told = sorted(rules(), key=lambda rule: (rule.urgency, rule.name))
    return RulesShape(items=[_shape(rule) for rule in told])


def _shape(rule: Rule) -> RuleShape:
    return RuleShape(
        rule=rule.name,
        version=rule.version,
        urgency=rule.urgency,
        title=WordsShape(zh=rule.title.zh, en=rule.title.en),
        sentence=WordsShape(zh=rule.sentence.zh, en=rule.sentence.en),
    )
