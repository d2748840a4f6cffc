"""Small tables for tests of lint, made of texts of conditions."""

from __future__ import annotations

from datetime import UTC, datetime

from routing.engine.document import read_document
from routing.engine.lint import Finding, FindingKind, World, lint
from routing.engine.table import Table
from routing.snapshot.tablefile import read_text
from tests.engine.test_index_property import compile_any

AT = datetime(2026, 11, 22, 23, tzinfo=UTC)
EMPTY = World()
BASE = """
default: desk
blocked: refusal
default_number: "+12025550111"
targets:
  - {key: desk, name: Desk, kind: transfer, number: "+12025550199"}
  - {key: robot, name: Robot, kind: assistant, vapi_id: a1}
  - {key: crew, name: Crew, kind: squad, vapi_id: s1}
  - {key: off, name: Holiday, kind: assistant, vapi_id: a2, enabled: false}
  - {key: refusal, name: Refusal, kind: reject, message: No.}
schedules:
  - {key: office, name: Office, opening_hours: "Mo-Fr 09:00-17:00", timezone: America/New_York}
  - {key: same, name: Same hours, opening_hours: "Mo-Fr 09:00-17:00", timezone: America/New_York}
  - {key: theirs, name: Theirs, opening_hours: "Mo-Fr 09:00-17:00", timezone: customer}
  - {key: anywhere, name: Anywhere, opening_hours: "24/7", timezone: customer}
  - {key: always, name: Always, opening_hours: "24/7", timezone: UTC}
numbers:
  - {vapi_id: n1, name: Main, number: "+12025550111"}
  - {vapi_id: n2, name: Side, number: "+12025550112"}
campaigns:
  - {slug: spring, name: Spring, ends_on: 2026-06-30, timezone: America/New_York, caller_id: "+12025550112"}
  - {slug: autumn, name: Autumn, ends_on: 2026-11-22, timezone: America/New_York, caller_id: "+12025550112"}
  - {slug: winter, name: Winter}
lists:
  - {key: vip, name: VIP, purpose: segment}
  - {key: staff, name: Staff, purpose: segment}
  - {key: nuisance, name: Nuisance, purpose: blocked}
  - {key: stop, name: Stop, purpose: do_not_call}
"""


def table_of(*whens: str, then: str = "[{target: robot}]", more: str = "") -> Table:
    """Return the base with one rule for each text of conditions, called r1, r2 and so on."""
    rules = [
        f"  - {{key: r{place}, name: R{place}, when: {{{when}}}, then: {then}}}"
        for place, when in enumerate(whens, start=1)
    ]
    return read_document(read_text("\n".join([BASE, more, "rules:", *rules] if rules else [BASE, more])))


def told(table: Table, world: World = EMPTY) -> set[tuple[str, str, str]]:
    """Return kind, key and other of each finding; the table must be one that can be published."""
    compile_any(table)
    return {(found.kind.value, found.key, found.other) for found in lint(table, world=world, at=AT)}


def only(findings: tuple[Finding, ...], kind: FindingKind) -> Finding:
    (found,) = (finding for finding in findings if finding.kind is kind)
    return found
