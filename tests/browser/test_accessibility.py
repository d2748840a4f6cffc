"""axe-core finds nothing serious on any page, in light and in dark. axe stands in `vendor/`, unchanged (MPL 2.0)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from routing.models import Call, EmergencySwitch, NumberList, NumberListEntry, Revision, Rule, Schedule, Target
from tests.admin.conftest import make_call, make_scheduled_call

pytestmark = [
    pytest.mark.once,
    pytest.mark.browser,
]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = """
async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter(it => ["serious", "critical"].includes(it.impact)).flatMap(
    it => it.nodes.map(node => `${it.id}: ${node.target.join(" ")} ${node.html.slice(0, 160)} ${node.failureSummary}`));
}
"""
GROUPS: dict[str, list[str]] = {
    "front": ["", "dashboard/", "dashboard/?day=week", "emergency/"],
    "rules": ["routing/rule/", "routing/rule/add/", "routing/rule/{rule}/change/", "routing/rule/?q=%2B14155550100"],
    "table": [
        "routing/target/",
        "routing/target/{target}/change/",
        "routing/schedule/",
        "routing/schedule/{schedule}/change/",
        "routing/campaign/",
        "routing/ournumber/add/",
        "routing/tablesettings/1/change/",
    ],
    "lists": [
        "routing/numberlist/",
        "routing/numberlist/{list}/change/",
        "routing/numberlist/{list}/import/",
        "routing/numberlistentry/",
        "routing/numberlistentry/{entry}/change/",
    ],
    "publish": [
        "publish/",
        "publish/discard/",
        "routing/revision/",
        "routing/revision/{revision}/change/",
        "routing/revision/{revision}/restore/",
    ],
    "calls": ["routing/call/", "routing/call/{call}/change/", "routing/scheduledcall/", "routing/emergencyswitch/"],
    "simulator": ["simulator/", "simulator/?channel=inbound&customer=%2B12025550100&number=%2B12025550111"],
    "connect": ["connection/", "routing/apikey/add/", "routing/webhooksecret/add/", "web-snippet/", "auth/user/add/"],
    "others": [
        "routing/campaign/add/",
        "routing/rule/{rule}/delete/",
        "routing/rule/{rule}/history/",
        "routing/rule/{rule}/move/",
        "routing/apikey/",
        "auth/user/",
        "auth/group/add/",
        "password_change/",
    ],
    "vapi": ["sync/", "routing/vapiobject/", "routing/target/add/"],
}


def find_serious(page: Page, name: str) -> list[str]:
    """Return what axe finds on the page as it is now, in light and in dark."""
    page.evaluate(AXE)
    found = []
    for dark in (False, True):
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
        found += [f"{name} {'dark' if dark else 'light'}: {fault}" for fault in page.evaluate(SERIOUS)]
    return found


@pytest.fixture
def ids(boss: Page) -> dict[str, Any]:
    """One row of each kind whose page is looked at, and a draft that differs."""
    now = timezone.now()
    call = make_call(now)
    make_scheduled_call(now)
    Rule.objects.filter(key="mexico").update(name="Llamadas de México", note="مرحبا")
    return {
        "rule": Rule.objects.get(key="spring").pk,
        "target": Target.objects.get(key="espanol").pk,
        "schedule": Schedule.objects.get().pk,
        "entry": NumberListEntry.objects.earliest("pk").pk,
        "list": NumberList.objects.get(key="vip").pk,
        "revision": Revision.objects.get().pk,
        "call": Call.objects.get(pk=call.pk).pk,
    }


def test_nothing_serious_where_an_import_is_shown_and_an_emergency_is_on(
    boss: Page, ids: dict[str, Any], live_server: LiveServer
) -> None:
    EmergencySwitch.objects.create(
        target=Target.objects.get(key="desk"), reason="Flood", until=timezone.now() + timedelta(hours=1)
    )
    boss.goto(f"{live_server.url}/admin/routing/numberlist/{ids['list']}/import/")
    boss.get_by_label("or paste numbers here").fill("+12025550107\n+1202")
    boss.get_by_role("button", name="Show what would happen").click()
    expect(boss.get_by_role("heading", name="Nothing has been done yet")).to_be_visible()
    found = find_serious(boss, "import")

    boss.goto(f"{live_server.url}/admin/emergency/")
    found += find_serious(boss, "emergency")

    assert not found, "\n".join(found)


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_serious(group: str, boss: Page, ids: dict[str, Any], live_server: LiveServer) -> None:
    found = []
    for path in GROUPS[group]:
        address = path.format(**ids)
        boss.goto(f"{live_server.url}/admin/{address}")
        found += find_serious(boss, f"/admin/{address}")

    assert not found, "\n".join(found)
