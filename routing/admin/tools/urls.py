"""Addresses of the tools, beside those of the rows."""

from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path

from routing.admin.checklist import dismiss_checklist
from routing.admin.tools.connection import connection_page
from routing.admin.tools.dashboard import dashboard_page
from routing.admin.tools.discard import discard_page
from routing.admin.tools.emergency import emergency_page
from routing.admin.tools.publish import publish_page
from routing.admin.tools.rule_preview import rule_numbers, rule_preview
from routing.admin.tools.schedule_preview import schedule_preview
from routing.admin.tools.simulator import simulator_page
from routing.admin.tools.sync import sync_page, sync_state, vapi_choices
from routing.admin.tools.web_snippet import web_snippet_page


def tool_urls() -> list[URLPattern]:
    """Return the addresses; `admin_view` only asks for staff, so each page asks for its own permission first."""
    return [
        path("schedule-preview/", admin.site.admin_view(schedule_preview), name="schedule_preview"),
        path("rule-preview/", admin.site.admin_view(rule_preview), name="rule_preview"),
        path("rule-preview/<int:object_id>/", admin.site.admin_view(rule_preview), name="rule_preview"),
        path("rule-numbers/", admin.site.admin_view(rule_numbers), name="rule_numbers"),
        path("dashboard/", admin.site.admin_view(dashboard_page), name="dashboard"),
        path("connection/", admin.site.admin_view(connection_page), name="connection"),
        path("checklist/dismiss/", admin.site.admin_view(dismiss_checklist), name="dismiss_checklist"),
        path("simulator/", admin.site.admin_view(simulator_page), name="simulator"),
        path("publish/", admin.site.admin_view(publish_page), name="publish"),
        path("publish/discard/", admin.site.admin_view(discard_page), name="discard"),
        path("emergency/", admin.site.admin_view(emergency_page), name="emergency"),
        path("web-snippet/", admin.site.admin_view(web_snippet_page), name="web_snippet"),
        path("sync/", admin.site.admin_view(sync_page), name="vapi_sync"),
        path("sync/state/", admin.site.admin_view(sync_state), name="vapi_sync_state"),
        path("sync/choices/", admin.site.admin_view(vapi_choices), name="vapi_choices"),
    ]


site: Any = admin.site
site.extra_urls = tool_urls  # the theme's site adds these to its own
