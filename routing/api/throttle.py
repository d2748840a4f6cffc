"""How often a publishable key may be used."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from routing.models import ApiKey, ApiKeyKind
from routing.services.limit_rate import count_request

if TYPE_CHECKING:
    from rest_framework.views import APIView

TOO_OFTEN = "Rate limit exceeded: all visitors together used this key too often; try again in {seconds} seconds."


class TooOften(APIException):
    """A key was used up for this minute; ``wait`` is how many seconds are left of it."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, wait: int) -> None:
        """Say when to try again."""
        super().__init__(TOO_OFTEN.format(seconds=wait))
        self.wait = wait


class PageThrottle(BaseThrottle):
    """Counts the requests of publishable keys. Servers are not limited here: Vapi limits them itself."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; preflights carry no key and are not counted. Raises TooOften."""
        key = request.auth
        if not isinstance(key, ApiKey) or key.kind != ApiKeyKind.PUBLISHABLE:
            return True
        wait = count_request(key, now=timezone.now())
        if wait is not None:
            raise TooOften(max(1, ceil(wait.total_seconds())))
        return True
