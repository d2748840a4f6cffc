"""The webhook inside Django's request cycle, for servers and tests that run Django alone."""

from __future__ import annotations

from time import perf_counter

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from routing.recorder import background
from routing.webhook.answer import CONTENT_TYPE, answer
from routing.webhook.intake import read_intake


@csrf_exempt
@require_POST
def receive_message(request: HttpRequest) -> HttpResponse:
    """Answer one server message of Vapi."""
    started = perf_counter()
    background.start()  # a process that only refuses records no call, but its counts have to be stored
    given = answer(read_intake(request.META), now=timezone.now(), started=started)
    return HttpResponse(given.body, status=given.status, content_type=CONTENT_TYPE)
