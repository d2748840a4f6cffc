"""The WSGI application that a production server loads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_wsgi_application()

# Only now: what the lane imports has models in it, and those need the applications that were set up above.
from routing.webhook.lane import WebhookLane  # noqa: E402

application = WebhookLane(_django)
