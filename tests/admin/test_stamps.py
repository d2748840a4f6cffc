"""Two people edit the same row: the second is told who changed what, and loses nothing typed."""

import re
import threading
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from routing.admin.stamps import changed_parts, stamp_of
from routing.models import (
    Campaign,
    DraftState,
    Revision,
    Rule,
    RuleTarget,
    Schedule,
    TableSettings,
    Target,
    WebhookSecret,
)
from tests.admin.conftest import allow, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


@pytest.fixture
def clerk(staff: User, world: dict[str, Any]) -> Client:
    models = ("rule", "ruletarget", "ruleattribute", "target", "campaign", "schedule", "scheduleexception")
    verbs = ("view", "add", "change", "delete")
    return client_of(allow(staff, *(f"{verb}_{model}" for verb in verbs for model in models)))


def page_of(row: Any, verb: str = "change") -> str:
    return f"/admin/routing/{row._meta.model_name}/{row.pk}/{verb}/"


def opened(client: Client, row: Any) -> dict[str, Any]:
    """Return what the row's form would send if nothing were typed."""
    return sent_by(client.get(page_of(row)))


def sent_by(response: Any) -> dict[str, Any]:
    """Return what a page's form would send as it stands there."""
    context = response.context
    data = {"_stamp": context["stamp"], "_seen_at": context["seen_at"], "_replace": list(context["replace"])}
    if context.get("anew"):
        data["_anew"] = "1"
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        formset = inline.formset
        forms += [formset.management_form, *(formset.forms if formset.is_bound else formset.initial_forms)]
    for form in forms:
        for name in form.fields:
            value = form[name].value()
            if value is not None and value is not False:
                data[form.add_prefix(name)] = value if isinstance(value, list) else str(value)
    return data


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(response.content.decode()))


def test_a_row_that_nobody_changed_is_saved(boss: Client) -> None:
    target = Target.objects.get(key="sorry")

    boss.post(page_of(target), {**opened(boss, target), "message": "Good bye."})

    target.refresh_from_db()
    assert target.message == "Good bye."


def test_the_second_is_told_who_changed_what_and_keeps_the_text(boss: Client, clerk: Client) -> None:
    target = Target.objects.get(key="sorry")
    mine = opened(clerk, target)
    boss.post(page_of(target), {**opened(boss, target), "message": "Good bye."})

    response = clerk.post(page_of(target), {**mine, "message": "Farewell, my dear."})

    text = words(response)
    target.refresh_from_db()
    assert (response.status_code, target.message) == (200, "Good bye.")
    assert "Boss changed this target on" in text
    assert "<td>Good bye.</td> <td>Farewell, my dear.</td>" in text
    assert '<th scope="row">Name</th>' not in text  # nobody changed it
    assert response.context["adminform"].form["message"].value() == "Farewell, my dear."


def test_saving_again_replaces_the_other_version(boss: Client, clerk: Client) -> None:
    target = Target.objects.get(key="sorry")
    mine = {**opened(clerk, target), "message": "Farewell."}
    boss.post(page_of(target), {**opened(boss, target), "message": "Good bye."})
    told = clerk.post(page_of(target), mine)

    response = clerk.post(page_of(target), {**mine, "_stamp": told.context["stamp"]})

    target.refresh_from_db()
    assert (response.status_code, target.message) == (302, "Farewell.")


def test_a_third_change_is_told_again(boss: Client, clerk: Client) -> None:
    target = Target.objects.get(key="sorry")
    mine = {**opened(clerk, target), "message": "Farewell."}
    boss.post(page_of(target), {**opened(boss, target), "message": "Good bye."})
    told = clerk.post(page_of(target), mine)
    boss.post(page_of(target), {**opened(boss, target), "message": "So long."})

    response = clerk.post(page_of(target), {**mine, "_stamp": told.context["stamp"]})

    target.refresh_from_db()
    assert (response.status_code, target.message) == (200, "So long.")
    assert "So long." in words(response)


def test_lines_inside_a_row_count_and_can_be_replaced(boss: Client, clerk: Client) -> None:
    rule = Rule.objects.get(key="spring")
    mine = {**opened(clerk, rule), "arms-0-weight": "50", "arms-1-weight": "50"}
    RuleTarget.objects.filter(rule=rule).delete()  # as an import does: lines are made anew
    RuleTarget.objects.create(rule=rule, target=Target.objects.get(key="night"), weight=100)

    told = clerk.post(page_of(rule), mine)
    lines = told.context["inline_admin_formsets"][0].formset
    saved = clerk.post(page_of(rule), sent_by(told))

    assert told.status_code == 200
    assert "Night desk, 100" in words(told)
    assert [form["weight"].value() for form in lines.forms] == ["50", "50"]
    assert saved.status_code == 302
    assert sorted(rule.arms.values_list("target__key", "weight")) == [("desk", 50), ("reception", 50)]


def test_a_form_with_faults_that_replaces_lines_takes_none_away(boss: Client, clerk: Client) -> None:
    rule = Rule.objects.get(key="spring")
    mine = {**opened(clerk, rule), "arms-0-weight": "50"}  # 120 %
    again = {name: value for name, value in mine.items() if not re.fullmatch(r"arms-\d+-id|arms-INITIAL_FORMS", name)}

    response = clerk.post(page_of(rule), {**again, "_replace": "arms", "arms-INITIAL_FORMS": "0"})

    assert response.status_code == 200
    assert rule.arms.count() == 2


def test_links_are_told_by_name(boss: Client, clerk: Client) -> None:
    campaign = Campaign.objects.get(slug="spring")
    mine = opened(clerk, campaign)
    campaign.numbers.clear()

    text = words(clerk.post(page_of(campaign), mine))

    assert "<td>empty</td> <td>Spring line" in text
    assert "This campaign was changed while you were editing it" in text  # no page did it, so nobody is named


def test_what_was_deleted_can_be_saved_anew(boss: Client, clerk: Client) -> None:
    rule = Rule.objects.get(key="mexico")
    mine = {**opened(clerk, rule), "name": "Callers from Mexico"}
    boss.post(page_of(rule, "delete"), {"post": "yes"})

    told = clerk.post(page_of(rule), mine)
    saved = clerk.post(page_of(rule), sent_by(told))

    assert told.status_code == 200
    assert "Boss deleted this rule on" in words(told)
    assert told.context["adminform"].form["name"].value() == "Callers from Mexico"
    assert saved.status_code == 302
    assert list(Rule.objects.get(name="Callers from Mexico").arms.values_list("target__key", flat=True)) == ["espanol"]


def test_who_may_not_add_still_sees_what_was_typed(staff: User, boss: Client) -> None:
    target = Target.objects.get(key="sorry")
    clerk = client_of(allow(staff, "view_target", "change_target"))
    mine = {**opened(clerk, target), "message": "A long farewell."}
    TableSettings.objects.update(blocked_target=None)
    Target.objects.filter(pk=target.pk).delete()

    response = clerk.post(page_of(target), mine)

    assert response.status_code == 200
    assert "A long farewell." in words(response)


def test_a_changed_row_is_not_deleted_unseen(boss: Client, clerk: Client) -> None:
    rule = Rule.objects.get(key="gold")
    seen = clerk.get(page_of(rule, "delete")).context["stamp"]
    boss.post(page_of(rule), {**opened(boss, rule), "name": "Gold and platinum"})

    response = clerk.post(page_of(rule, "delete"), {"post": "yes", "_stamp": seen}, follow=True)

    assert Rule.objects.filter(key="gold").exists()
    assert "Nothing was deleted" in words(response)
    assert f'name="_stamp" value="{stamp_of(rule)}"' in words(response)
    clerk.post(page_of(rule, "delete"), {"post": "yes", "_stamp": stamp_of(rule)})
    assert not Rule.objects.filter(key="gold").exists()


def test_a_secret_is_never_told(boss: Client, world: dict[str, Any]) -> None:
    secret = world["webhooksecret"]
    mine = opened(boss, secret)
    WebhookSecret.objects.filter(pk=secret.pk).update(secret="swordfish")

    response = boss.post(page_of(secret), {**mine, "secret": "my new words"})

    assert response.status_code == 200
    assert "changed while you were editing" in words(response)
    assert "swordfish" not in words(response)


def test_a_log_has_no_stamp(boss: Client, world: dict[str, Any]) -> None:
    assert not boss.get(page_of(world["call"])).context.get("stamp")


CHANGES: dict[str, tuple[str, Any]] = {
    "a column": ("enabled", lambda rule: Rule.objects.filter(pk=rule.pk).update(enabled=False)),
    "a target": ("arms", lambda rule: rule.arms.update(weight=99)),
    "links": ("lists_any", lambda rule: rule.lists_any.clear()),
    "its place": ("", lambda rule: Rule.objects.filter(pk=rule.pk).update(position=77)),
}


@pytest.mark.parametrize(("part", "change"), CHANGES.values(), ids=CHANGES)
def test_a_stamp_tells_which_part_changed(part: str, change: Any, world: dict[str, Any]) -> None:
    rule = Rule.objects.get(key="vip-callers")
    seen = stamp_of(rule)

    change(rule)

    assert changed_parts(seen, stamp_of(rule)) == ((part,) if part else ())


def test_a_row_that_is_gone_has_no_stamp(world: dict[str, Any]) -> None:
    schedule = Schedule.objects.create(name="Short", opening_hours="24/7", timezone="UTC")
    pk = schedule.pk
    schedule.delete()

    assert stamp_of(Schedule(pk=pk)) == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("button", ["_save", "_publish"])
def test_of_two_saves_at_once_one_is_told(button: str, admin: User, world: dict[str, Any]) -> None:
    target = Target.objects.get(key="sorry")
    forms = {name: {**opened(client_of(admin), target), "message": name, button: "1"} for name in ("Bye.", "Later.")}
    clients = {name: client_of(admin) for name in forms}
    ready = threading.Barrier(len(forms))
    answers: dict[str, int] = {}

    def save(name: str) -> None:
        try:
            ready.wait()
            answers[name] = clients[name].post(page_of(target), forms[name]).status_code
        finally:
            connection.close()

    run_together([threading.Thread(target=save, args=(name,)) for name in forms])

    target.refresh_from_db()
    assert sorted(answers.values()) == [200, 302]
    assert answers[target.message] == 302
    assert Revision.objects.count() == (2 if button == "_publish" else 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite waits longer for a lock than a test should")
def test_who_waits_too_long_is_told_and_keeps_the_text(admin: User, world: dict[str, Any]) -> None:
    client = client_of(admin)
    target = Target.objects.get(key="sorry")
    mine = {**opened(client, target), "message": "Farewell."}
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                DraftState.lock()
                held.set()
                done.wait(20)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    try:
        response = client.post(page_of(target), mine)
        page = client.post("/admin/publish/", {"note": "x"})
        discarded = client.post("/admin/publish/discard/", {})
        action = {"action": "switch_off", "_selected_action": str(target.pk)}
        chosen = client.post("/admin/routing/target/", action, follow=True)
        deleted = client.post(page_of(target, "delete"), {"post": "yes"}, follow=True)
    finally:
        done.set()
        holder.join()

    assert response.status_code == 200
    assert "somebody is changing the table just now" in words(response)
    assert response.context["adminform"].form["message"].value() == "Farewell."
    assert "Somebody is changing the table just now" in words(page)
    assert "Somebody is changing the table just now" in words(discarded)
    assert "somebody is changing the table just now" in words(chosen)
    assert "somebody is changing the table just now" in words(deleted)
    target.refresh_from_db()
    assert (target.enabled, target.message) == (True, "This number cannot be reached.")


def run_together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
