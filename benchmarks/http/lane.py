"""Switchboard as it is served, but for the pause between two rounds of draining: see `later`."""

from config.wsgi import application

# Only now: what it imports has models in it.
from benchmarks.http.later import drain_later  # isort: skip

__all__ = ["application"]

drain_later()
