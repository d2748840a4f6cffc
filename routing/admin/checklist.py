"""The first-run checklist of the front page: what is left to do, and where."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from routing.services.checklist import Step, read_checklist

PERMISSION = "routing.change_rule"  # for those who can do something about it
DISMISSED = "checklist_dismissed"
DONE = "checklist-done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What a step is called, why it matters, and the page where it is done, for those who may open that page."""

    title: str
    why: str
    page: str
    link_text: str
    permission: str


ADVICE = {
    Step.CONNECT: Advice(
        title="Connect Vapi",
        why="Set VAPI_API_KEY to the private key of your organisation at Vapi, and start again. Until then outbound "
        "calls go to a sandbox.",
        page="connection", link_text="See the connection", permission="routing.view_webhooksecret",
    ),
    Step.SYNC: Advice(
        title="Read what Vapi has",
        why="Then you choose assistants, squads and numbers by name.",
        page="vapi_sync", link_text="Synchronise", permission="routing.sync_target",
    ),
    Step.TARGETS: Advice(
        title="Add who takes calls",
        why="Targets are assistants, squads, telephone numbers or a spoken sentence.",
        page="routing_target_add", link_text="Add a target", permission="routing.add_target",
    ),
    Step.NUMBERS: Advice(
        title="Add your numbers",
        why="The telephone numbers at Vapi that people call, or that you call from.",
        page="routing_ournumber_add", link_text="Add a number", permission="routing.add_ournumber",
    ),
    Step.DEFAULT_TARGET: Advice(
        title="Choose the default target",
        why="It takes every call that no rule takes.",
        page="routing_tablesettings_changelist", link_text="Choose it", permission="routing.change_tablesettings",
    ),
    Step.FIRST_RULE: Advice(
        title="Write the first rule",
        why="For example: outside office hours, calls go to the night desk.",
        page="routing_rule_add", link_text="Add a rule", permission="routing.add_rule",
    ),
    Step.PUBLISH: Advice(
        title="Publish",
        why="Nothing that you write answers calls before.",
        page="publish", link_text="Look and publish", permission="routing.publish_revision",
    ),
    Step.SECRET: Advice(
        title="Agree on a secret",
        why="Vapi sends it with each message; without one, every message is refused.",
        page="routing_webhooksecret_add", link_text="Add a webhook secret", permission="routing.add_webhooksecret",
    ),
    Step.SERVER_URL: Advice(
        title="Give Vapi our address",
        why="Enter it as the server URL of each number. Done as soon as a message arrives.",
        page="connection", link_text="What to enter at Vapi", permission="routing.view_webhooksecret",
    ),
    Step.TEST_CALL: Advice(
        title="Make a test call",
        why="Call one of your numbers; it shows up in the call log. The simulator tells beforehand who will answer.",
        page="simulator", link_text="Open the simulator", permission="routing.view_rule",
    ),
}  # fmt: skip


def checklist_context(request: HttpRequest) -> dict[str, Any]:
    """Return the steps; nothing once all are done, for whoever hid them, and for those who may not do them."""
    if not request.user.has_perm(PERMISSION) or request.session.get(DISMISSED) or cache.get(DONE):
        return {}
    steps = read_checklist()
    if all(step.done for step in steps):
        cache.set(DONE, True, None)  # a checklist that is done does not come back when a row goes
        return {}
    return {
        "checklist": [
            {"advice": ADVICE[it.step], "done": it.done, "link": _link(ADVICE[it.step], request)} for it in steps
        ],
        "checklist_done": sum(step.done for step in steps),
        "checklist_open": not any(step.done for step in steps if step.step is Step.PUBLISH),
    }


def _link(advice: Advice, request: HttpRequest) -> str:
    if not request.user.has_perm(advice.permission):
        return ""
    return reverse(f"admin:{advice.page}")


@require_POST
def dismiss_checklist(request: HttpRequest) -> HttpResponse:
    """Hide the checklist until this person logs in again."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    request.session[DISMISSED] = True
    return redirect(f"{admin.site.name}:index")
