"""Switchboard without the lane in front: the webhook goes through Django's request cycle, as under any WSGI server."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

# Only now: what it imports has models in it.
from benchmarks.http.later import drain_when_let  # noqa: E402

drain_when_let()
