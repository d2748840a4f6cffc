"""A supervisor's day: an emergency, the calls it took, who may see whose number, and a rule that changes hands."""

import pytest
import requests
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from routing.models import Call, EmergencySwitch, WebhookSecret
from routing.recorder.drain import drain

pytestmark = pytest.mark.browser
CALLER = "+12125550123"


def ring(live_server: LiveServer, call_id: str) -> str:
    """Let Vapi ask who takes a call to the main line, and return its answer."""
    WebhookSecret.objects.get_or_create(
        name="Vapi", defaults={"secret": "open sesame", "header_name": "X-Vapi-Secret", "with_prefix": False}
    )
    call = {"id": call_id, "phoneNumberId": "33333333-3333-4333-8333-333333333333", "customer": {"number": CALLER}}
    answer = requests.post(
        f"{live_server.url}/vapi/webhook",
        json={"message": {"type": "assistant-request", "call": call}},
        headers={"X-Vapi-Secret": "open sesame"},
        timeout=10,
    )
    assert answer.status_code == 200
    drain(waited_seconds=0)
    return answer.text


def test_an_emergency_is_switched_on_takes_calls_and_is_ended(boss: Page, live_server: LiveServer) -> None:
    boss.goto(boss.url)
    boss.get_by_role("link", name="Emergency switch").first.click()
    boss.locator("#select2-id_target-container").click()
    boss.get_by_role("option", name="Front desk").click()
    boss.get_by_label("Why?").fill("Fire alarm in Austin")
    boss.get_by_role("button", name="Switch on now").click()
    expect(boss.get_by_text("The emergency switch is on")).to_be_visible()

    assert "+12025550199" in ring(live_server, "call-1")
    boss.goto(f"{live_server.url}/admin/routing/rule/")
    expect(boss.get_by_text("Emergency: Inbound calls go to Front desk")).to_be_visible()
    boss.get_by_role("link", name="Change or end").click()
    boss.get_by_role("button", name="End now").click()
    expect(boss.get_by_text("No emergency switch is on")).to_be_visible()

    assert "+12025550199" not in ring(live_server, "call-2")
    assert EmergencySwitch.objects.get().ended_at is not None


def test_the_log_tells_why_and_hides_numbers_from_those_who_may_only_look(boss: Page, live_server: LiveServer) -> None:
    ring(live_server, "call-1")
    call = Call.objects.get(vapi_call_id="call-1")
    boss.goto(boss.url)
    boss.get_by_role("link", name="Calls", exact=False).first.click()
    expect(boss.get_by_role("cell", name=CALLER)).to_be_visible()
    boss.goto(f"{live_server.url}/admin/routing/call/{call.pk}/change/")
    expect(boss.locator(".sb-who")).to_contain_text(call.target_name)
    expect(boss.get_by_text("The same call would be taken the same way now")).to_be_visible()
    boss.get_by_text("Why, rule by rule").click()
    expect(boss.get_by_text(f"seen {CALLER} (US)").first).to_be_visible()

    viewer = User.objects.create_user("vera", password="vera", is_staff=True)
    # Between tests the database is emptied, and the roles that a migration made with it.
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_call", "view_rule"]))
    boss.context.clear_cookies()
    boss.goto(f"{live_server.url}/admin/login/")
    boss.get_by_label("Username").fill("vera")
    boss.get_by_label("Password").fill("vera")
    boss.get_by_role("button", name="Log in").click()
    boss.goto(f"{live_server.url}/admin/routing/call/")
    expect(boss.get_by_role("cell", name="+1•••0123")).to_be_visible()
    expect(boss.get_by_text(CALLER)).to_have_count(0)
    boss.goto(f"{live_server.url}/admin/routing/call/{call.pk}/change/")
    boss.get_by_text("Why, rule by rule").click()
    expect(boss.get_by_text("seen +1•••0123 (US)").first).to_be_visible()
    assert CALLER not in boss.content()
