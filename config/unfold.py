"""Looks of the admin: the settings of django-unfold."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _link(title: str, icon: str, page: str, permission: str) -> dict[str, Any]:
    """Return a line of the sidebar; only those who have the permission see it."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{page}"),
        "permission": lambda request: request.user.has_perm(permission),
    }


def _rows(title: str, icon: str, model: str, app: str = "routing") -> dict[str, Any]:
    """Return a line that leads to the rows of a model."""
    return _link(title, icon, f"{app}_{model}_changelist", f"{app}.view_{model}")


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


def _stylesheet(request: HttpRequest) -> str:
    return static("routing/admin.css")  # asked per request: its name is known only once files are collected


def _labels(request: HttpRequest) -> str:
    return static("routing/labels.js")


def _icon(request: HttpRequest) -> str:
    return static("routing/favicon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Switchboard",
    "SITE_HEADER": "Switchboard",
    "SITE_URL": None,
    "SITE_SYMBOL": "call_split",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "routing.admin.front.front_context",
    "GLOBAL_CALLBACK": "routing.admin.banners.banner_context",
    "STYLES": [_stylesheet],
    "SCRIPTS": [_labels],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            _group(
                "Routing",
                _rows("Rules", "alt_route", "rule"),
                _rows("Targets", "support_agent", "target"),
                _rows("Schedules", "schedule", "schedule"),
                _rows("Campaigns", "campaign", "campaign"),
                _rows("Our numbers", "dialpad", "ournumber"),
                _rows("Number lists", "contacts", "numberlist"),
                _rows("Table settings", "tune", "tablesettings"),
            ),
            _group(
                "Operate",
                _link("Dashboard", "monitoring", "dashboard", "routing.view_call"),
                _link("Simulator", "science", "simulator", "routing.view_rule"),
                _link("Review and publish", "publish", "publish", "routing.publish_revision"),
                _link("Emergency switch", "emergency_home", "emergency", "routing.view_emergencyswitch"),
                _rows("Calls", "call_log", "call"),
                _rows("Scheduled calls", "schedule_send", "scheduledcall"),
                _rows("Revisions", "history", "revision"),
            ),
            _group(
                "Connect",
                _link("Connection", "cable", "connection", "routing.view_webhooksecret"),
                _link("Vapi", "sync", "vapi_sync", "routing.sync_target"),
                _rows("Found at Vapi", "cloud", "vapiobject"),
                _rows("API keys", "key", "apikey"),
                _link("Web snippet", "code", "web_snippet", "routing.view_apikey"),
                _rows("Webhook secrets", "webhook", "webhooksecret"),
            ),
            _group(
                "People",
                _rows("Users", "person", "user", "auth"),
                _rows("Groups", "group", "group", "auth"),
            ),
        ],
    },
}
