"""What stands above the columns of a call: who took it and why, rule by rule, and who would take it now."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from routing.admin.answers import read_place, rule_rows, understood
from routing.admin.masking import FULL_NUMBERS
from routing.admin.simulator_address import SECOND_TIME
from routing.admin.simulator_address import simulate as simulate_call
from routing.engine.decision import Decision, Reason, RuleRef
from routing.engine.sentences import decision_sentence, reason_phrase
from routing.engine.table import Target, TargetKind
from routing.models import Call
from routing.services.decide import DecidedCall
from routing.services.explain_call import CannotExplain, recall
from routing.services.rulesets import live_ruleset
from routing.services.simulate import simulate


def tell(call: Call, request: HttpRequest) -> dict[str, Any]:
    """Return the page's words for a call; its number is whole only for those who may see it."""
    full = request.user.has_perm(FULL_NUMBERS)
    answer: dict[str, Any] = {"call_sentence": explain_row(call), "simulator": simulator_address(call) if full else ""}
    if not call.reason:
        return answer
    try:
        then = recall(call)
    except CannotExplain as error:
        return answer | {"cannot_explain": str(error)}
    place = read_place(request.GET.get("from"))
    return {
        **answer,
        "understood": understood(then, timezone.get_current_timezone(), masked=not full),
        "today": _today(call, then),
        "open_rules": place is not None,
        **rule_rows(then, place, masked=not full),
    }


def _today(call: Call, then: DecidedCall) -> dict[str, Any] | None:
    """Decide the same call, at the same instant, by what is live now; None where its request named the target."""
    if call.reason == Reason.EXPLICIT:
        return None
    now = simulate(then.context, live_ruleset()).decision
    return {
        "differs": (now.target.key, now.target.kind) != (call.target_key, call.target_kind),
        "sentence": f"{decision_sentence(now)}.".replace("..", "."),
        "revision": now.revision,
    }


def explain_row(call: Call) -> str:
    """Return who took the call and why, from what was copied into its row."""
    if not call.reason:
        return "Nothing was decided for this call."
    decision = Decision(
        target=Target(key=call.target_key, name=call.target_name, kind=TargetKind(call.target_kind or "reject")),
        reason=Reason(call.reason),
        rule=RuleRef(position=call.rule_position or 0, key=call.rule_key, name=call.rule_name)
        if call.rule_key
        else None,
    )
    return f"{call.target_name or 'A target of the request'}, {reason_phrase(decision)}."


def simulator_address(call: Call) -> str:
    """Return the simulator's address for the same call at the same instant."""
    at = timezone.localtime(call.decided_at)
    attributes = [f"{key}={value[0]}" for key, value in call.context.get("attributes", {}).items()]
    return simulate_call(
        channel=call.channel,
        customer=call.context.get("customer") or call.customer_number,
        number=call.our_number,
        campaign=call.campaign,
        attributes="\n".join(attributes),
        date=f"{at:%Y-%m-%d}",
        time=f"{at:%H:%M:%S}",
        timezone=timezone.get_current_timezone_name(),
        **{SECOND_TIME: str(at.fold or "")},
        table="live",
    )
