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

# Only now: what is imported here has models in it, and those need the applications that were set up above.
from routing.snapshot import store  # noqa: E402

store.standing()  # begins to read the table; meanwhile the rest is imported

from routing.webhook.lane import WebhookLane  # noqa: E402

application = WebhookLane(WSGIHandler())
import_when_ready(store.current)  # last: two threads that import at once might each wait for the other
