"""Answers Vapi's messages before the rest of Django's middleware, which is made for people and costs more."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from routing.webhook.intake import PATHS
from routing.webhook.views import receive_message


class AnswerWebhook:
    """Does what the lane does, for servers that run Django alone: no host name, session or cookie is looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Stand in front of ``get_response``."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if request.method == "POST" and request.path_info in PATHS:
            return receive_message(request)
        return self._get_response(request)
