"""The WSGI application that a production server loads."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from config.patience import bound_waiting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# A thread that works on a large table gives way after 1 ms, not 5: a request needs its turn several times.
sys.setswitchinterval(0.001)

_django = get_wsgi_application()
bound_waiting()

# Only now: what the lane imports has models in it, and those need the applications that were set up above.
from routing.webhook.lane import WebhookLane  # noqa: E402

application = WebhookLane(_django)
