"""Alert rules: one file each, found by scanning this folder. A rule says what stands; the book says what changed."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from projections.alerts.rule import FactRule, Rule, VisitRule


def rules() -> tuple[Rule, ...]:
    """Every rule in this folder (each module's `RULE`), by name."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found: list[Rule] = [module.RULE for module in modules if hasattr(module, "RULE")]
    names = [rule.name for rule in found]
    if len(set(names)) < len(names):
        raise ValueError(f"two rules have one name: {sorted(names)}")
    return tuple(sorted(found, key=lambda rule: rule.name))


__all__ = ["FactRule", "Rule", "VisitRule", "rules"]
