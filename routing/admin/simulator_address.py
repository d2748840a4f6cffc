"""Addresses of the simulator with a question filled in."""

import phonenumbers
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from routing.engine.numbers import is_country
from routing.engine.table import WITHHELD, When

SECOND_TIME = "second"  # in an address: the second of two equal hours, when clocks go back


def simulate(**question: str) -> str:
    """Return the simulator with these fields of its form filled in; empty ones are left out."""
    return f"{reverse('admin:simulator')}?{urlencode({name: text for name, text in question.items() if text})}"


def simulator_link(**question: str) -> SafeString:
    """Return the link that stands beside a row."""
    return format_html('<a class="sb-link" href="{}">Simulate</a>', simulate(**question))


def simulate_rule(when: When) -> str:
    """Return the simulator with a call that the rule means, as far as one can be made up from its conditions."""
    return simulate(
        channel=when.channels[0].value if when.channels else "inbound",
        customer=next(filter(None, map(_example, when.customer)), ""),
        number=when.numbers[0] if when.numbers else "",
        campaign=when.campaigns[0] if when.campaigns else "",
        table="draft",
    )


def _example(entry: str) -> str:
    """Return a number that an entry means; nothing for a prefix, whose numbers have lengths of their own."""
    if is_country(entry):
        number = phonenumbers.example_number(entry)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if number else ""
    return "" if entry == WITHHELD or entry.endswith("*") else entry
