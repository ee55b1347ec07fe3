"""A customer: whom a visit serves."""

from __future__ import annotations

from typing import ClassVar

from domain.events.base import Decision


class CustomerRegistered(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """A customer entered the books, or their particulars were restated."""

    TOPIC: ClassVar[str] = "doorstep.customer.registered"

    customer: str
    name: str
    locale: str = "zh-CN"
