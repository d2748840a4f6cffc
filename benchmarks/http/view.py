"""Switchboard without the lane in front: the webhook goes through Django's request cycle, as under any WSGI server."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
