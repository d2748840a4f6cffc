"""The simulator: who would answer this call, and why."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from routing.admin.tools.simulator_form import SimulatorForm
from routing.engine.condition_words import customer_phrase
from routing.engine.decision import Decision
from routing.engine.errors import TableErrors
from routing.engine.explain import RuleOutcome, RuleTrace
from routing.engine.sentences import reason_phrase
from routing.engine.table import TargetKind
from routing.models import Rule
from routing.services.simulate import Simulation, simulate
from routing.snapshot import store
from routing.snapshot.rows import table_from_rows

PERMISSION = "routing.view_rule"
OUTCOME_WORDS = {
    RuleOutcome.CHOSEN: "takes the call",
    RuleOutcome.NO_MATCH: "does not match",
    RuleOutcome.DISABLED: "is switched off",
    RuleOutcome.NO_TARGET_AVAILABLE: "matches, but none of its targets is available",
    RuleOutcome.NOT_REACHED: "would match too, but the call is already taken",
}


def simulator_page(request: HttpRequest) -> HttpResponse:
    """Show the form, and the answer once it is filled in; the address holds the whole question."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    draft = request.GET.get("table") == "draft"
    table = table_from_rows() if draft else store.current().ruleset.table
    form = SimulatorForm(request.GET, table=table, now=timezone.now())
    answer = _answer(form, draft=draft) if form.is_bound and form.is_valid() else {}
    context = {**admin.site.each_context(request), "title": "Simulator", "form": form, **answer}
    return TemplateResponse(request, "admin/tools/simulator.html", context)


def _answer(form: SimulatorForm, *, draft: bool) -> dict[str, Any]:
    try:
        simulation = simulate(form.context(), draft=draft)
    except TableErrors as errors:
        return {"faults": errors.errors}
    decision = simulation.explanation.decision
    return {
        "decision": decision,
        "who": who_answers(decision),
        "why": reason_phrase(decision),
        "understood": list(_understood(simulation)),
        "rules": _rules(simulation.explanation.rules),
        "is_draft": draft,
        "address": form.address(),
    }


def who_answers(decision: Decision) -> str:
    """Return one large sentence for the top of the page."""
    target = decision.target
    match target.kind:
        case TargetKind.TRANSFER:
            return f"{target.name} answers: the call is transferred to {target.number or target.sip_uri}"
        case TargetKind.REJECT:
            return f"Nobody answers: the caller hears “{target.message}”"
        case _:
            return f"{target.name} answers"


def _understood(simulation: Simulation) -> list[tuple[str, str]]:
    situation, table = simulation.situation, simulation.ruleset.table
    lists = {spec.key: spec.name for spec in table.lists}
    campaigns = {spec.slug: spec.name for spec in table.campaigns}
    return [
        ("Customer", customer_phrase(situation)),
        ("On lists", ", ".join(lists.get(hit.list_key, hit.list_key) for hit in simulation.facts.hits) or "none"),
        ("Our number", situation.our_number or "none"),
        ("Campaign", ", ".join(campaigns.get(slug, slug) for slug in sorted(situation.campaigns)) or "none running"),
        ("At", f"{situation.context.at:%A %d %B %Y %H:%M:%S} {situation.context.at.tzinfo}"),
    ]


def _rules(traces: Iterable[RuleTrace]) -> list[dict[str, Any]]:
    rows = dict(Rule.objects.values_list("key", "pk"))  # a rule of a revision may be gone from the draft
    return [
        {
            "ref": trace.rule,
            "row": rows.get(trace.rule.key),
            "outcome": trace.outcome.value,
            "words": OUTCOME_WORDS[trace.outcome],
            "conditions": trace.conditions,
        }
        for trace in traces
    ]
