"""`/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from routing.status.access import refuse_reader
from routing.status.disk import look_at_disk
from routing.status.exposition import CONTENT_TYPE, render_metrics
from routing.status.readiness import judge_readiness
from routing.telemetry import reporter

TEXT = "text/plain; charset=utf-8"
ANSWER_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


@require_safe
def answer_health(request: HttpRequest) -> HttpResponse:
    """Say that this process is up; it looks at nothing else, so a database fault never restarts it."""
    return HttpResponse("ok", content_type=TEXT, headers=ANSWER_HEADERS)


@require_safe
def answer_readiness(request: HttpRequest) -> HttpResponse:
    """Say whether calls should be sent here, with 200 or 503, and what they are decided with."""
    readiness = judge_readiness()
    status = HTTPStatus.SERVICE_UNAVAILABLE if readiness.problems else HTTPStatus.OK
    return JsonResponse(readiness.as_dict(), status=status, headers=ANSWER_HEADERS)


@require_safe
def answer_metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics of all processes of this machine in Prometheus' text format."""
    refusal = refuse_reader(request)
    if refusal is not None:
        status, words = refusal
        challenge = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
        return HttpResponse(words, status=status, content_type=TEXT, headers=ANSWER_HEADERS | challenge)
    text = render_metrics(reporter.collect_all(), look_at_disk())
    return HttpResponse(text, content_type=CONTENT_TYPE, headers=ANSWER_HEADERS)
