"""The pages of the staff, which are half of what a server imports, and it can take calls without them."""

import gc
import os
import threading
from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.db import connections


class StaffPages(SimpleAdminConfig):
    """Django's admin, whose pages commands import at their start, as Django does, since they check them.

    A server sets ``is_late`` before; there `config.urls` imports them, for whichever request comes first.
    """

    is_late = False

    def ready(self) -> None:
        """Import the pages, unless that is left to ``config.urls``."""
        super().ready()
        if not self.is_late:
            autodiscover()


def import_when_ready(wait_for_table: Callable[[], object]) -> None:
    """Import the pages, and the API, once this process knows the live table: what takes calls comes first.

    A fork waits for the end of it: what a thread is importing at that moment could never be imported in the child.
    """
    thread = threading.Thread(target=_import, args=(wait_for_table,), name="import-staff-pages", daemon=True)
    os.register_at_fork(before=thread.join)
    thread.start()


def _import(wait_for_table: Callable[[], object]) -> None:
    try:
        wait_for_table()
        connections.close_all()
        import_module(settings.ROOT_URLCONF)
    finally:
        gc.freeze()  # modules stay, and no search for unused cycles need walk through them
        gc.enable()
