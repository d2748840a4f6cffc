"""What the order of the rules does to each of them: who is never reached, who loses calls to a rule above."""

from __future__ import annotations

from collections.abc import Iterator

from routing.engine.covering import ALTERNATIVES, Compared, Dimension, Reach, accepts, compare, covering, gaps
from routing.engine.lint_callers import COUNTRY, E164, HIDDEN, PREFIX, Token
from routing.engine.lint_finding import Finding, FindingKind, Severity
from routing.engine.lint_index import MOST_COMPARED, EarlierRules
from routing.engine.lint_narrower import narrower_findings
from routing.engine.lint_reach import read_reach
from routing.engine.lint_surroundings import Surroundings
from routing.engine.lint_words import rule_finding, rule_label, rule_labels, rule_of
from routing.engine.sentences import CHANNEL_WORDS, join_words
from routing.engine.table import RuleSpec

_SHOWN_DIGITS = 4


def order_findings(around: Surroundings, dead: frozenset[str]) -> Iterator[Finding]:
    """Yield what is odd about the order. ``dead`` are keys of rules that can never match anyway."""
    rules = around.table.rules
    alive = [
        read_reach(place, rule, around) for place, rule in enumerate(rules) if rule.enabled and rule.key not in dead
    ]
    earlier = EarlierRules(alive)
    not_compared: list[RuleSpec] = []
    for reach in alive:
        candidates, is_complete = earlier.candidates(reach)
        findings = list(_against(reach, compare(reach, candidates), around))
        yield from findings
        unreachable = any(finding.kind is FindingKind.UNREACHABLE for finding in findings)
        if not (is_complete or unreachable):
            not_compared.append(rules[reach.place])
        # What an unreachable rule takes is taken above it already.
        if not unreachable and around.can_answer(rules[reach.place]):
            earlier.add(reach)
    if not_compared:
        yield _not_compared(not_compared)
    yield from _default_unreachable(earlier, around)


def _against(reach: Reach, compared: Compared, around: Surroundings) -> Iterator[Finding]:
    """Say the worst that is true of a rule and the rules above it."""
    if not compared:
        return
    above = covering(reach, compared)
    if above:
        yield _unreachable(reach, above, around)
        return
    shadowed = list(_partly_shadowed(reach, compared, around))
    yield from shadowed or narrower_findings(reach, compared, around)


def _unreachable(reach: Reach, above: tuple[Reach, ...], around: Surroundings) -> Finding:
    rule, first = rule_of(reach, around), above[0]
    takers = rule_labels(above, around)
    if len(above) > 1:
        why = f"{takers} above it together take every call it would take. Move it above them."
    elif not gaps(reach, first):
        why = f"{takers} above it takes exactly the same calls. Change or delete one of the two."
    else:
        which = "every call" if first == Reach(place=first.place) else "every call it would take"
        why = f"{takers} above it takes {which}. Move it above rule {first.place + 1}."
    message = f"{rule_label(reach.place, rule)} can never take a call: {why}"
    return rule_finding(FindingKind.UNREACHABLE, Severity.ERROR, rule, message, rule_of(first, around))


def _partly_shadowed(reach: Reach, compared: Compared, around: Surroundings) -> Iterator[Finding]:
    """Look for alternatives that the rule names in vain."""
    for dimension in ALTERNATIVES:
        tokens = reach.unions.get(dimension, {})
        if len(tokens) < 2:
            continue
        wide = [earlier for earlier, missing in compared if missing == {dimension}]
        taken = {
            token: earlier
            for token in tokens
            for earlier in wide[::-1]
            if accepts(earlier.unions[dimension], token, dimension)
        }
        if taken:
            above = sorted({earlier.place: earlier for earlier in taken.values()}.values(), key=lambda one: one.place)
            yield _shadow_finding(reach, dimension, list(taken), above, around)
            return


def _shadow_finding(
    reach: Reach, dimension: Dimension, taken: list[Token], above: list[Reach], around: Surroundings
) -> Finding:
    rule = rule_of(reach, around)
    which, takers = _token_words(dimension, taken, around), rule_labels(above, around)
    takes, them = ("takes", f"rule {above[0].place + 1}") if len(above) == 1 else ("take", "them")
    message = (
        f"{rule_label(reach.place, rule)} names {which} in vain: {takers} above it {takes} those calls."
        f" Move it above {them}, or remove what is taken."
    )
    return rule_finding(FindingKind.PARTLY_SHADOWED, Severity.WARNING, rule, message, rule_of(above[0], around))


def _token_words(dimension: Dimension, tokens: list[Token], around: Surroundings) -> str:
    match dimension:
        case Dimension.CUSTOMER:
            words = [_caller_words(token) for token in tokens]
        case Dimension.CHANNEL:
            words = [f"{words} calls" for channel, words in CHANNEL_WORDS.items() if ("", channel) in tokens]
        case Dimension.LIST:
            words = [f"list “{around.list_names.get(key, key)}”" for _, key in tokens]
        case Dimension.NUMBER:
            words = [around.numbers[key].name or key if key in around.numbers else key for _, key in tokens]
        case _:
            words = [around.campaigns[key].name if key in around.campaigns else key for _, key in tokens]
    return join_words(words, "and")


def _caller_words(token: Token) -> str:
    kind, text = token
    words = {PREFIX: f"{text}…", COUNTRY: f"{text} numbers", HIDDEN: "withheld numbers"}
    return words.get(kind) or (f"…{text[-_SHOWN_DIGITS:]}" if kind == E164 else text)


def _not_compared(rules: list[RuleSpec]) -> Finding:
    count = "One rule shares" if len(rules) == 1 else f"{len(rules)} rules share"
    message = (
        f"{count} conditions with more than {MOST_COMPARED} rules above, and were not compared with all of them;"
        f" the first is “{rules[0].name}”. What lint says about them may be incomplete."
    )
    return Finding(
        kind=FindingKind.NOT_COMPARED, severity=Severity.NOTE, subject="rules", key=rules[0].key, message=message
    )


def _default_unreachable(earlier: EarlierRules, around: Surroundings) -> Iterator[Finding]:
    every_call = Reach(place=len(around.table.rules))
    above = covering(every_call, compare(every_call, earlier.candidates(every_call)[0]))
    default = around.targets.get(around.table.default or "")
    if not above or default is None:
        return
    takes = "takes every call that is left" if len(above) == 1 else "together take every call that is left"
    message = f"The default target “{default.name}” is never reached: {rule_labels(above, around)} {takes}."
    yield Finding(
        kind=FindingKind.DEFAULT_UNREACHABLE,
        severity=Severity.NOTE,
        subject="default",
        key=default.key,
        message=message,
        other=around.table.rules[above[-1].place].key,
    )
