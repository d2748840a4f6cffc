"""The WSGI application that a production server loads."""

import gc
import os
import sys

import django
from django.core.handlers.wsgi import WSGIHandler

from config.patience import bound_waiting
from config.staff_pages import StaffPages, import_when_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# A thread that works on a large table gives way after 1 ms, not 5: a request needs its turn several times.
sys.setswitchinterval(0.001)

gc.disable()  # until all is imported: there are no unused cycles to be found yet
StaffPages.is_late = True
django.setup(set_prefix=False)
bound_waiting()
import_when_ready()  # reads the table first, while the rest is imported here

# Only now: what the lane imports has models in it, and those need the applications that were set up above.
from routing.webhook.lane import WebhookLane  # noqa: E402

application = WebhookLane(WSGIHandler())
