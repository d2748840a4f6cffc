"""The simulator: who would answer this call, why, and who will when the next thing changes."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.answers import read_place, rule_rows, understood, who_answers
from routing.admin.tools.simulator_form import DRAFT, LIVE, SimulatorForm
from routing.engine.errors import TableErrors
from routing.engine.ruleset import RuleSet
from routing.engine.sentences import reason_phrase
from routing.services.decide import DecidedCall
from routing.services.next_change import HORIZON, next_change
from routing.services.rulesets import NoRuleset, draft_ruleset, live_ruleset, ruleset_of
from routing.services.simulate import simulate

PERMISSION = "routing.view_rule"


def simulator_page(request: HttpRequest) -> HttpResponse:
    """Show the form, and the answer once it is filled in; the address holds the whole question."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    asked = request.GET.get("table") or LIVE
    answer: dict[str, Any] = {}
    try:
        ruleset = read_ruleset(asked)
    except TableErrors as errors:
        answer["faults"] = errors.errors
        ruleset = live_ruleset()
    except NoRuleset:
        ruleset = live_ruleset()  # the form says at its field that there is no such table
    form = SimulatorForm(request.GET, table=ruleset.table, now=timezone.now())
    if not answer and form.is_bound and form.is_valid():
        answer = _answer(form, ruleset, read_place(request.GET.get("from")))
    context = {**admin.site.each_context(request), "title": "Simulator", "form": form, **answer}
    return TemplateResponse(request, "admin/tools/simulator.html", context)


def read_ruleset(asked: str) -> RuleSet:
    """Return the rules of `live`, `draft` or a revision's number; raises TableErrors or NoRuleset."""
    if asked == DRAFT:
        return draft_ruleset()
    number = read_place(asked)
    return live_ruleset() if number is None else ruleset_of(number)


def _answer(form: SimulatorForm, ruleset: RuleSet, first: int | None) -> dict[str, Any]:
    decided = simulate(form.context(), ruleset)
    return {
        "decision": decided.decision,
        "who": who_answers(decided.decision, decided.context.channel),
        "why": reason_phrase(decided.decision),
        "understood": understood(decided, form.zone()),
        "is_draft": form.cleaned_data["table"] == DRAFT,
        "is_live": ruleset is live_ruleset(),
        "address": form.address(),
        "next": _next(decided, form),
        "horizon": HORIZON.days,
        **rule_rows(decided, first),
    }


def _next(decided: DecidedCall, form: SimulatorForm) -> dict[str, Any] | None:
    """Return who answers after the next change, when that is, and where to look at it."""
    at = decided.context.at
    found = next_change(decided.ruleset, decided.context, decided.facts, at)
    if found is None:
        return None
    instant, decision = found
    local = instant.astimezone(form.zone())
    return {
        "at": f"{local:%A %d %B, %H:%M} ({form.zone()})",
        "who": who_answers(decision, decided.context.channel),
        "why": reason_phrase(decision),
        "address": form.address(instant),
    }
