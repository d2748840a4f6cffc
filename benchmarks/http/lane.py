"""Switchboard as it is served, but it drains when it is let: see `later`."""

from config.wsgi import application

# Only now: what it imports has models in it.
from benchmarks.http.later import drain_when_let  # isort: skip

__all__ = ["application"]

drain_when_let()
