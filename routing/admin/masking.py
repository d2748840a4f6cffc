"""Customers' telephone numbers on pages: whole only for those who may see them."""

import re
from typing import Any

FULL_NUMBERS = "routing.view_full_numbers"
SHOWN_DIGITS = 4
DOTS = "•••"
NUMBERS = re.compile(r"\+[1-9][0-9]{6,14}")


def shown_number(number: str, user: Any) -> str:
    """Return the number as this user may see it: whole, or its last four digits behind dots."""
    return number if user.has_perm(FULL_NUMBERS) else mask_number(number)


def shown_text(text: str, user: Any) -> str:
    """Return words of somebody else's as this user may see them: numbers in them are no better known than elsewhere."""
    return text if user.has_perm(FULL_NUMBERS) else NUMBERS.sub(lambda found: mask_number(found.group()), text)


def mask_number(number: str) -> str:
    """Return the number with all but its beginning and its last four characters as dots: `+1•••0100`."""
    if len(number) <= SHOWN_DIGITS:
        return number
    start = number[:2] if number.startswith("+") else ""
    return f"{start}{DOTS}{number[-SHOWN_DIGITS:]}"
