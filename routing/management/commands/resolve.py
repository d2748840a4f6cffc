"""Say who would take a call."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.engine.context import Attribute, Channel, Context
from routing.engine.explain import RuleOutcome, RuleTrace, decision_sentence
from routing.engine.numbers import number_key
from routing.engine.ruleset import RuleSet
from routing.services.decide import DecidedCall, decide
from routing.services.describe_decision import describe_decision, explain_decided
from routing.snapshot import store

OUTCOME_WORDS = {
    RuleOutcome.CHOSEN: "takes the call",
    RuleOutcome.NO_MATCH: "does not match",
    RuleOutcome.DISABLED: "is switched off",
    RuleOutcome.NO_TARGET_AVAILABLE: "matches, but none of its targets is available",
    RuleOutcome.NOT_REACHED: "matches, but the call was taken before",
}


class Command(BaseCommand):
    """Decide a made-up call by the live revision; nothing is recorded."""

    help = "Say who would take a call, by the live revision. Nothing is dialled or recorded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take everything that a decision can depend on."""
        parser.add_argument("--channel", choices=[str(channel) for channel in Channel], default=Channel.INBOUND.value)
        parser.add_argument("--customer", help="the other party's number, or withheld")
        parser.add_argument("--number", help="our number: as +12025550111, a SIP address, or its id at Vapi")
        parser.add_argument("--campaign", help="the campaign's key")
        parser.add_argument(
            "--at", help="date and time as 2026-12-24T18:30 (UTC unless it says otherwise); default now"
        )
        parser.add_argument("--attribute", action="append", default=[], metavar="KEY=VALUE", help="may be repeated")
        parser.add_argument(
            "--untrusted-attribute",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="as a caller or a browser can set it; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print the answer of POST /api/v1/resolve")
        parser.add_argument("--explain", action="store_true", help="tell of each rule why it takes the call or not")

    def handle(self, *args: Any, **options: Any) -> None:
        """Decide and print."""
        decided = decide(_read_context(options, store.current().ruleset))
        if options["json"]:
            self.stdout.write(json.dumps(describe_decision(decided, with_explanation=options["explain"])))
            return
        self.stdout.write(decision_sentence(decided.decision))
        if options["explain"]:
            self.stdout.write(_explanation_text(decided))


def _read_context(options: dict[str, Any], ruleset: RuleSet) -> Context:
    number = options["number"]
    is_id = number in ruleset.numbers_by_id
    if number and not is_id:
        _check_number(number, ruleset)
    if options["campaign"]:
        _check_campaign(options["campaign"], ruleset)
    return Context(
        channel=Channel(options["channel"]),
        at=_read_instant(options["at"]),
        customer=options["customer"],
        our_number=None if is_id else number,
        our_number_id=number if is_id else None,
        campaign=options["campaign"],
        attributes=_read_attributes(options),
    )


def _check_number(number: str, ruleset: RuleSet) -> None:
    known = sorted(ruleset.numbers_by_id.values())
    if number_key(number, ruleset.default_region) not in known:
        raise CommandError(f"--number {number} is none of our published numbers: {_listed(known)}")


def _check_campaign(campaign: str, ruleset: RuleSet) -> None:
    if campaign not in ruleset.campaigns:
        raise CommandError(f"--campaign {campaign} is no published campaign: {_listed(sorted(ruleset.campaigns))}")


def _listed(known: list[str]) -> str:
    return f"write one of {', '.join(known)}." if known else "there are none yet."


def _read_instant(text: str | None) -> datetime:
    if text is None:
        return timezone.now()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--at {text} is no date and time: write it as 2026-12-24T18:30-05:00.") from error
    return instant if instant.tzinfo else timezone.make_aware(instant)


def _read_attributes(options: dict[str, Any]) -> dict[str, Attribute]:
    untrusted = [_read_attribute(pair, trusted=False) for pair in options["untrusted_attribute"]]
    trusted = [_read_attribute(pair, trusted=True) for pair in options["attribute"]]
    return dict([*untrusted, *trusted])


def _read_attribute(pair: str, *, trusted: bool) -> tuple[str, Attribute]:
    key, equals, text = pair.partition("=")
    if not key or not equals:
        raise CommandError(f"An attribute is written as key=value, not {pair!r}.")
    return key, Attribute(text=text, trusted=trusted)


def _explanation_text(decided: DecidedCall) -> str:
    rules = explain_decided(decided).rules
    return "\n".join(line for trace in rules for line in _rule_lines(trace)) or "There are no rules."


def _rule_lines(trace: RuleTrace) -> list[str]:
    conditions = [
        f"     {'✓' if seen.holds else '✗'} {seen.kind}: {seen.wanted} (seen: {seen.seen})" for seen in trace.conditions
    ]
    return [f"{trace.rule.position:>3}. {trace.rule.name}: {OUTCOME_WORDS[trace.outcome]}", *conditions]
