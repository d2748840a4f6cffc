"""The outermost of Django's middleware: answers the machines that watch over us, and counts all other requests."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from time import perf_counter

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

from routing.status.views import answer_health, answer_metrics, answer_readiness
from routing.telemetry import reporter
from routing.telemetry.counting import count, observe
from routing.telemetry.families import HTTP_REQUESTS, HTTP_SECONDS

Answer = Callable[[HttpRequest], HttpResponseBase]

PROBES: dict[str, Answer] = {"/healthz": answer_health, "/readyz": answer_readiness, "/metrics": answer_metrics}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
AREAS = frozenset({"admin", "api", "static", "vapi"})
OTHER = "other"
NOT_SERVED = "This host name is not served: see ALLOWED_HOSTS.\n"


class AnswerProbes:
    """Answers probes before anything else: they come without a known host name, over plain HTTP, and often."""

    def __init__(self, get_response: Answer) -> None:
        """Stand in front of ``get_response``."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        reporter.start()
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self._get_response(request)
        try:
            response = probe(request)
        except DisallowedHost:
            response = HttpResponseBadRequest(NOT_SERVED, content_type="text/plain")
        # What is wrong is logged where it is noticed, once; Django would log it again at every probe.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


class CountRequests:
    """Counts and times requests by the address they were for, which has no id in it."""

    def __init__(self, get_response: Answer) -> None:
        """Stand in front of ``get_response``."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let one request pass."""
        started = perf_counter()
        response = self._get_response(request)
        endpoint = _endpoint(request)
        method = request.method if request.method in METHODS else OTHER
        count(HTTP_REQUESTS, endpoint, method or OTHER, str(response.status_code))
        observe(HTTP_SECONDS, perf_counter() - started, endpoint)
        return response


def _endpoint(request: HttpRequest) -> str:
    match = request.resolver_match
    area = request.path_info.lstrip("/").partition("/")[0]
    if match is not None and area == "api":
        return _readable(match.route)
    return area if area in AREAS else OTHER


@functools.cache  # as many as there are routes
def _readable(route: str) -> str:
    """Return a route such as `api/v1/^/?calls/(?P<known_as>…)/?$` as people write it."""
    named = re.sub(r"\(\?P<\w+>[^)]*\)", "{id}", route)
    return "/" + re.sub(r"/?\^/?|/\?|\$", "/", named).replace("//", "/").strip("/")
