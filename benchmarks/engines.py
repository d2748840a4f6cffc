"""Other engines, told the same rules and asked about the same calls: `make bench PART=engines`, some five minutes.

RULES=1000 leaves the longer tables out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.contenders.workload import DEFAULT, Facts, Rule, Test
from benchmarks.decide import indexed
from benchmarks.report import figure, goal, table
from benchmarks.tables import compiled, make_calls, make_table
from routing.engine.context import Context
from routing.engine.ruleset import RuleSet
from routing.engine.table import When

FOLDER = Path(__file__).parent
SIZES = (10, 1_000, 100_000)
ROUNDS, ROUND_SECONDS, FEWEST = 5, 0.3, 10
SLOW_SECONDS, SLOW_ROUNDS = 2, 3  # the fewest calls take an engine longer: it is asked in fewer rounds
OURS, LINEAR, QUERY = "Switchboard", "Switchboard, walking the list", "one indexed query of Django's ORM, PostgreSQL"
FASTEST, UNLEASH = "datalogic-py", "Unleash"
# Name: module, and whether it runs in the contenders' environment.
CONTENDERS = {
    OURS: ("ours", False),
    LINEAR: ("ours_linear", False),
    FASTEST: ("datalogic", True),
    UNLEASH: ("unleash", True),
    "GrowthBook": ("growth_book", True),
    "Flagsmith": ("flagsmith", True),
    "json-logic-qubit": ("qubit", True),
    "rule-engine": ("ruleengine", True),
    "business-rules": ("businessrules", True),
    QUERY: ("orm_query", False),
}


@dataclass(kw_only=True)
class Child:
    """An engine in its own process; ``calls`` is how many it is asked in a round, of ``turns`` rounds."""

    process: subprocess.Popen[str]
    loaded: float = 0  # seconds
    calls: int = FEWEST
    turns: int = ROUNDS
    rounds: list[float] = field(default_factory=list)  # mean microseconds

    def ask(self, question: str) -> object:
        """Send a line and return the answer. Raises RuntimeError if the process ended."""
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return read_answer(self.process)

    def time(self, calls: int) -> float:
        """Return the mean microseconds of a decision."""
        answer = self.ask(f"time {calls}")
        assert isinstance(answer, float)
        return answer


def main() -> None:
    """Measure at each size, all engines by turns, then print how they compare."""
    install()
    print(f"""The same rules and calls, first match wins. Mean microseconds of work a decision, medians of {ROUNDS}
rounds in which all are asked by turns, of {SLOW_ROUNDS} where ten calls take seconds; ratios are of the same round. The
opening hours are told to the other engines as a fact: none of them knows hours. Every engine's answers are compared
with ours first; one that differs ends the part.
""")
    for size in SIZES:
        if size <= int(os.environ.get("RULES", SIZES[-1])):
            report(size, measure(size))


def install() -> None:
    """Make the contenders' environment, or bring it to what requirements.txt says."""
    python, wanted = FOLDER / ".venv" / "bin" / "python", FOLDER / "requirements.txt"
    done = FOLDER / ".venv" / ".installed"
    if done.exists() and done.read_text(encoding="utf-8") == wanted.read_text(encoding="utf-8"):
        return
    subprocess.run([sys.executable, "-m", "venv", FOLDER / ".venv"], check=True)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "-r", wanted], check=True, stdout=sys.stderr)
    done.write_text(wanted.read_text(encoding="utf-8"), encoding="utf-8")


def measure(size: int) -> dict[str, Child]:
    """Start all engines on a table of that many rules, compare their answers, and time them by turns."""
    rules, ruleset, calls = make_table(size), compiled(make_table(size)), mixed(make_calls(size))
    answers = [decision.rule.key if decision.rule else DEFAULT for decision in (indexed(ruleset, one) for one in calls)]
    work = {
        "size": size,
        "rules": [Rule(key=rule.key, tests=list(plain_tests(rule.when))) for rule in rules.rules],
        "calls": [plain_facts(ruleset, call) for call in calls],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file, ExitStack() as stack:
        json.dump(work, file)
        file.flush()
        children = {name: stack.enter_context(started(name, file.name)) for name in CONTENDERS}
        for child in children.values():
            child.loaded = float(str(read_answer(child.process)))
        for name, child in children.items():
            prepare(name, child, answers)
        for turn in range(ROUNDS):
            for child in children.values():
                if turn < child.turns:
                    child.rounds.append(child.time(child.calls))
    return children


@contextmanager
def started(name: str, file: str) -> Iterator[Child]:
    """Start an engine, which says when it has loaded the rules."""
    module, separate = CONTENDERS[name]
    python = str(FOLDER / ".venv" / "bin" / "python") if separate else sys.executable
    command = [python, "-m", "benchmarks.contenders.child", module, file]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=FOLDER.parent
    ) as process:
        try:
            yield Child(process=process)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # at the end of its input it ends, and so does a PostgreSQL that it started


def read_answer(process: subprocess.Popen[str]) -> object:
    """Return the next line's JSON. Raises RuntimeError if there is none."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended")
    answer: object = json.loads(line)
    return answer


def prepare(name: str, child: Child, answers: Sequence[str]) -> None:
    """Compare the answers with ours, which warms up too, and find how many calls fill a round.

    An engine that is slow is asked the fewest, and compared by these alone. Raises RuntimeError if answers differ.
    """
    start = perf_counter()
    compare(name, child, answers[:FEWEST])
    seconds = (perf_counter() - start) / FEWEST
    child.calls = max(FEWEST, min(len(answers), int(ROUND_SECONDS / seconds)))
    child.turns = SLOW_ROUNDS if FEWEST * seconds > SLOW_SECONDS else ROUNDS
    if child.calls > FEWEST:
        compare(name, child, answers[: child.calls])
        child.calls = max(FEWEST, min(len(answers), int(ROUND_SECONDS * 1e6 / child.time(child.calls))))


def compare(name: str, child: Child, answers: Sequence[str]) -> None:
    """Ask for as many answers. Raises RuntimeError if one differs."""
    found = child.ask(f"answers {len(answers)}")
    wrong = [place for place, (one, ours) in enumerate(zip(found, answers, strict=True)) if one != ours]  # type: ignore[call-overload]
    if wrong and name != QUERY:  # that one only reads a row
        raise RuntimeError(f"{name} decides {len(wrong)} of {len(answers)} calls otherwise, the first at {wrong[0]}")


def report(size: int, children: dict[str, Child]) -> None:
    """Print the table of one size and its goals."""
    ours = children[OURS].rounds
    ratios = {
        name: sorted(theirs / mine for theirs, mine in zip(child.rounds, ours, strict=False))
        for name, child in children.items()
    }
    print(f"\n### {size:,} rules")
    table(
        ("engine", "mean µs", "spread", "against ours", "spread", "calls", "loaded in s"),
        [
            (
                name,
                figure(median(child.rounds)),
                f"{figure(min(child.rounds))} to {figure(max(child.rounds))}",
                f"{figure(median(ratios[name]))}x",
                f"{figure(ratios[name][0])} to {figure(ratios[name][-1])}",
                f"{len(child.rounds)} by {child.calls:,}",
                f"{child.loaded:.2f}",
            )
            for name, child in children.items()
        ],
    )
    others = {name: median(each) for name, each in ratios.items() if name not in {OURS, LINEAR, QUERY}}
    _goals(size, others, {name: median(child.rounds) for name, child in children.items()})


def _goals(size: int, ratios: dict[str, float], means: dict[str, float]) -> None:
    wanted = {10: (1, 1), 1_000: (20, 400), 100_000: (10_000, 10_000)}[size]
    others = {name: ratio for name, ratio in ratios.items() if name != FASTEST}
    nearest, in_python = min(others, key=others.__getitem__), min(others.keys() - {UNLEASH}, key=others.__getitem__)
    why = f"compiled, in Rust; it would take a decision in {figure(means[FASTEST] / wanted[0])} µs"
    goal(f"{FASTEST} at {size:,} rules", ratios[FASTEST], "x ours", at_least=wanted[0], why_not=why)
    why = f"it would take a decision in {figure(means[nearest] / wanted[1])} µs"
    if nearest == UNLEASH:
        why = f"compiled too; {why}; the nearest in Python, {in_python}, has {figure(others[in_python])}x"
    goal(
        f"the nearest other engine ({nearest}) at {size:,}", others[nearest], "x ours", at_least=wanted[1], why_not=why
    )


def mixed(calls: list[Context]) -> list[Context]:
    """Put ten calls first that are mixed as all of them are: slow engines are asked only these."""
    wanted, first = {"rule": 3, "prefix": 2, "campaign": 2, "ours": 1, "stranger": 2}, []
    for call in calls:
        kind = _kind(call)
        if wanted[kind]:
            wanted[kind] -= 1
            first.append(call)
    chosen = {id(call) for call in first}
    return [*first, *(call for call in calls if id(call) not in chosen)]


def _kind(call: Context) -> str:
    if call.campaign:
        return "campaign"
    if call.our_number:
        return "ours"
    begins = {"+1415": "rule", "+1305": "stranger"}
    return begins.get((call.customer or "")[:5], "prefix")


def plain_tests(when: When) -> Iterator[Test]:
    """Say in plain words what a rule of ``make_table`` asks for."""
    for entry in when.customer:
        yield Test(field="customer", op="starts" if entry.endswith("*") else "is", value=entry.rstrip("*"))
    for name, values in (("our_number", when.numbers), ("campaign", when.campaigns)):
        if values:
            yield Test(field=name, op="is", value=values[0])
    if when.schedule:
        yield Test(field="office_open", op="is", value=when.schedule_is_open)
    if when.channels:
        yield Test(field="channel", op="in", value=[str(one) for one in when.channels])


def plain_facts(ruleset: RuleSet, call: Context) -> Facts:
    zone = ruleset.schedules["office"].zone
    assert zone is not None
    return {
        "channel": str(call.channel),
        "customer": call.customer or "",
        "our_number": call.our_number or "",
        "campaign": call.campaign or "",
        "office_open": ruleset.schedules["office"].is_open(call.at, zone),
    }


if __name__ == "__main__":
    main()
