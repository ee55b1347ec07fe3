"""Customers. Their state is the latest statement of their particulars."""

from __future__ import annotations

from domain.decide import checks
from domain.decide.base import Command, Decider, says_the_same
from domain.events import Event
from domain.events.customer import CustomerRegistered


class RegisterCustomer(Command, frozen=True, kw_only=True):
    """Enter a customer, or restate one. `locale` None: as known, else zh-CN."""

    customer: str
    name: str
    locale: str | None = None


Customer = CustomerRegistered | None


def customer_stream(customer: str) -> str:
    """The stream of a customer."""
    return f"customer/{customer}"


def decide(state: Customer, command: RegisterCustomer) -> tuple[Event, ...]:
    """A restatement where something is new."""
    checks.key(command.customer, "customer")
    checks.text(command.name, "name", needed=True)
    locale = command.locale
    if locale is None:
        locale = state.locale if state else "zh-CN"
    checks.text(locale, "locale", needed=True)
    registered = CustomerRegistered(
        recorded_at_ms=command.at_ms,
        by=command.by,
        customer=command.customer,
        name=command.name,
        locale=locale,
    )
    return () if state and says_the_same(registered, state) else (registered,)


def evolve(state: Customer, event: Event) -> Customer:
    """The latest statement."""
    return event if isinstance(event, CustomerRegistered) else state


DECIDER: Decider[Customer, RegisterCustomer] = Decider(
    stream=lambda command: customer_stream(command.customer), initial=None, decide=decide, evolve=evolve
)
