"""From a rule to its reach: what of its conditions can still make a difference."""

from __future__ import annotations

from collections.abc import Iterator

from routing.engine.conditions import customer_is
from routing.engine.context import Channel
from routing.engine.covering import ANY_NUMBER, CLOSED, OPEN, Dates, Dimension, Reach
from routing.engine.lint_callers import COUNTRY, E164, HIDDEN, OTHER, PREFIX, Token
from routing.engine.lint_surroundings import Behaviour, Surroundings
from routing.engine.numbers import read_number
from routing.engine.table import CUSTOMER_LOCAL_TIME, Purpose, RuleSpec, When


def read_reach(place: int, rule: RuleSpec, around: Surroundings) -> Reach:
    """Return the calls that a rule lets through from now on; conditions that always hold are left out."""
    when = rule.when
    unions = {dimension: dict.fromkeys(tokens) for dimension, tokens in _unions(when, around)}
    return Reach(
        place=place,
        unions=unions,
        excluded=frozenset(_excluded(when, around)),
        dates=_dates(when, around),
        attributes=when.attributes,
        fixed=Dimension.SCHEDULE in unions and _is_fixed(when, around),
    )


def _unions(when: When, around: Surroundings) -> Iterator[tuple[Dimension, list[Token]]]:
    if when.channels and set(when.channels) != set(Channel):
        yield Dimension.CHANNEL, [("", channel) for channel in when.channels]
    if when.customer:
        yield Dimension.CUSTOMER, caller_tokens(when.customer, around.world.default_region)
    named = ((Dimension.LIST, when.lists_any), (Dimension.NUMBER, when.numbers), (Dimension.CAMPAIGN, when.campaigns))
    for dimension, keys in named:
        if keys:
            yield dimension, [("", key) for key in keys]
    if when.schedule and not _always_holds(when, around):
        yield Dimension.SCHEDULE, [_state(when, around)]


def caller_tokens(entries: tuple[str, ...], region: str) -> list[Token]:
    """Return the entries of a customer condition as calls are compared with them, in their order."""
    tokens: list[Token] = []
    for entry in entries:
        read = customer_is((entry,), region)
        tokens += [_number_token(number, region) for number in read.exact]
        tokens += [(PREFIX, prefix) for prefix in read.prefixes]
        tokens += [(COUNTRY, country) for country in read.countries]
        tokens += [(HIDDEN, "")] * read.withheld
    return tokens


def _number_token(identity: str, region: str) -> Token:
    """Tell numbers with a country code, which are read alike in every region, from short codes, names and SIP URIs."""
    number = read_number(identity, region) if identity.startswith("+") else None
    return (E164 if number is not None and number.e164 == identity else OTHER), identity


def _excluded(when: When, around: Surroundings) -> Iterator[str]:
    """Leave out lists whose numbers are refused anyway; what stays is that the number must be known."""
    if when.lists_none:
        yield ANY_NUMBER
    yield from (key for key in when.lists_none if around.purposes.get(key) is not Purpose.BLOCKED)


def _state(when: When, around: Surroundings) -> Token:
    key = when.schedule or ""
    return OPEN if when.schedule_is_open else CLOSED, around.twins.get(key, key)


def _is_fixed(when: When, around: Surroundings) -> bool:
    """In customer's local time, a call with no number finds a schedule neither open nor closed."""
    spec = around.schedules.get(when.schedule or "")
    return spec is not None and spec.timezone != CUSTOMER_LOCAL_TIME


def _always_holds(when: When, around: Surroundings) -> bool:
    wanted = Behaviour.ALWAYS_OPEN if when.schedule_is_open else Behaviour.NEVER_OPEN
    return _is_fixed(when, around) and around.behaviours.get(when.schedule or "") is wanted


def _dates(when: When, around: Surroundings) -> Dates:
    """Leave out a first day that has come: it limits no call any more."""
    today = around.today(when.timezone)
    if today is None:
        return Dates()
    begun = when.valid_from is not None and when.valid_from <= today
    return Dates(zone=when.timezone or "", starts_on=None if begun else when.valid_from, ends_on=when.valid_until)
