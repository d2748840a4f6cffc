"""The list of rules: what it shows of them, and how many queries it takes."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from routing.models import Campaign, EmergencySwitch, NumberList, OurNumber, Rule, RuleTarget, TableSettings, Target
from tests.admin.conftest import allow, client_of, make_call

pytestmark = pytest.mark.django_db
LIST = "/admin/routing/rule/"


@pytest.fixture
def client(admin: User, world: dict[str, Any]) -> Client:
    return client_of(admin)


def page(client: Client, query: str = "") -> str:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return response.content.decode()


def text_of(html: str) -> str:
    """Return what is read aloud: icons and tags are left out."""
    html = re.sub(r'<span class="material-symbols-outlined" aria-hidden="true">.*?</span>', "", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def row(html: str, key: str) -> str:
    rule = Rule.objects.get(key=key)
    found = re.search(rf'<tr id="rule-{rule.pk}".*?</tr>', html, re.DOTALL)
    assert found, f"there is no row of {key}"
    return found[0]


def shown(html: str) -> list[str]:
    names = dict(Rule.objects.values_list("pk", "key"))
    return [names[int(pk)] for pk in re.findall(r'<tr id="rule-(\d+)"', html)]


SENTENCES = {
    "vip-callers": "Callers on list VIP → Squad VIP concierge",
    "spring": "Calls in campaign Spring offers → Transfer 30 % Front desk Assistant 70 % Reception",
    "mexico": "MX callers → Assistant Recepción ES",
    "nobody": "Web calls → Assistant Resting switched off",
}


@pytest.mark.parametrize(("key", "sentence"), SENTENCES.items())
def test_each_rule_shows_itself_as_one_sentence(key: str, sentence: str, client: Client) -> None:
    assert sentence in text_of(row(page(client), key))


def test_a_target_that_is_gone_at_vapi_is_marked(client: Client) -> None:
    Target.objects.filter(key="espanol").update(missing_since=timezone.now())

    assert "Recepción ES gone at Vapi" in text_of(row(page(client), "mexico"))


def test_a_rule_without_a_target_says_so(client: Client) -> None:
    RuleTarget.objects.filter(rule__key="mexico").delete()

    assert "nobody: choose a target" in text_of(row(page(client), "mexico"))


CHANNELS = {"web only": ("nobody", ["Web"]), "none named means all": ("mexico", ["Inbound", "Outbound", "Web"])}


@pytest.mark.parametrize(("key", "words"), CHANNELS.values(), ids=CHANNELS)
def test_channels_are_icons_with_words(key: str, words: list[str], client: Client) -> None:
    assert re.findall(r'role="img" aria-label="(\w+)"', row(page(client), key)) == words


def test_numbers_of_customers_are_masked_for_who_may_not_see_them(staff: User, client: Client) -> None:
    Rule.objects.filter(key="mexico").update(customer=["+12125550123", "+1415*", "MX"])

    reader = text_of(row(page(client_of(allow(staff, "view_rule"))), "mexico"))

    assert "+12125550123" in row(page(client), "mexico")
    assert "+1•••0123" in reader
    assert "2125550123" not in reader
    assert "+1415…" in reader


def test_hits_lead_to_the_call_log(client: Client) -> None:
    now = timezone.now()
    make_call(now - timedelta(hours=1), vapi_call_id="b", rule_key="mexico")
    make_call(now - timedelta(days=9), vapi_call_id="c", rule_key="spring", decided_at=now - timedelta(days=9))

    html = page(client)

    link = re.search(r'href="(/admin/routing/call/[^"]+)">1 call<', row(html, "mexico"))
    assert link
    assert len(re.findall("Recepción|VIP concierge", client.get(unescape(link[1])).content.decode())) >= 1
    assert "None; last" in text_of(row(html, "spring"))
    assert "Never matched" in text_of(row(html, "gold"))


def test_hits_are_no_link_for_who_may_not_see_calls(staff: User, client: Client) -> None:
    make_call(timezone.now() - timedelta(hours=1), vapi_call_id="b", rule_key="mexico")

    html = row(page(client_of(allow(staff, "view_rule"))), "mexico")

    assert "1 call" in text_of(html)
    assert "/admin/routing/call/" not in html


def test_what_lint_says_stands_under_the_rule_and_is_counted(client: Client) -> None:
    Campaign.objects.update(ends_on=None)
    rule = Rule.objects.create(name="Mexico City", customer=["+5255*"])
    RuleTarget.objects.create(rule=rule, target=Target.objects.get(key="desk"))

    html = page(client)

    assert "can never take a call" in text_of(row(html, "mexico-city"))
    assert f"/admin/routing/rule/{Rule.objects.get(key='mexico').pk}/change/" in row(html, "mexico-city")
    assert "2 rules need attention" in text_of(html)  # and the one whose target is switched off
    assert sorted(shown(page(client, "?attention=1"))) == ["mexico-city", "nobody"]


def test_the_list_reads_as_the_whole_story(client: Client) -> None:
    text = text_of(page(client))

    story = ["Off: the rules decide.", "Callers on list Nuisance → Refused Sorry", "VIP callers", "Everything else → "
             "Assistant Reception"]  # fmt: skip
    places = [text.index(part) for part in story]
    assert places == sorted(places)


def test_a_running_emergency_switch_is_told_first(client: Client, admin: User) -> None:
    now = timezone.now()
    switch = EmergencySwitch.objects.create(
        target=Target.objects.get(key="desk"), started_at=now, until=now + timedelta(hours=1), author=admin
    )
    switch.our_numbers.add(OurNumber.objects.get(number="+12025550112"))

    assert "Inbound calls to Spring line go to Front desk, until" in text_of(page(client))


def test_part_of_the_list_leaves_out_the_story_and_says_so(client: Client) -> None:
    text = text_of(page(client, "?enabled__exact=0"))

    assert "Everything else" not in text
    assert "You see a part of the rules." in text


def test_a_search_without_a_rule_offers_the_way_back(client: Client) -> None:
    assert "No rule is like that. Show all 6 rules" in text_of(page(client, "?q=nowhere"))


EMPTY = {
    "with a default target": (True, "Every call goes to Assistant Reception , the default target"),
    "without one": (False, "choose it first"),
}


@pytest.mark.parametrize(("has_default", "expected"), EMPTY.values(), ids=EMPTY)
def test_no_rules_say_what_to_do(has_default: bool, expected: str, client: Client) -> None:
    Rule.objects.all().delete()
    if not has_default:
        TableSettings.objects.update(default_target=None)

    text = text_of(page(client))

    assert expected in text
    assert "Add the first rule" in text


FOUND = {
    "a number on a list": ("%2B12025550100", ["vip-callers"], "by list VIP"),
    "a country": ("%2B52 55 1234 5678", ["mexico"], "by country MX"),
    "a campaign's number": ("%2B12025550112", ["spring"], "by campaign Spring offers"),
    "a blocked number": ("%2B12025550166", [], "it is on list Nuisance"),
    "a beginning": ("%2B1202555016", [], "Some of them are refused before any rule: those on list Nuisance"),
    "words": ("concierge", ["vip-callers", "gold"], ""),
    "a number in a note": ("%2B13125550142", ["closed"], "No rule mentions +13125550142."),
}


@pytest.mark.parametrize(("asked", "keys", "said"), FOUND.values(), ids=FOUND)
def test_rules_are_searched_by_number_and_by_words(asked: str, keys: list[str], said: str, client: Client) -> None:
    Rule.objects.filter(key="closed").update(note="Ask +13125550142")

    html = page(client, f"?q={asked}")

    assert shown(html) == keys
    assert said in text_of(html)


def test_a_found_rule_says_how_it_mentions_the_number(client: Client) -> None:
    html = page(client, "?q=%2B12025550100")

    assert "Mentions it by list VIP" in text_of(row(html, "vip-callers"))
    assert "customer=%2B12025550100" in html


def test_queries_do_not_grow_with_the_rules(client: Client) -> None:
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    target = Target.objects.get(key="desk")
    rules = [Rule(key=f"r-{n}", name=f"R {n}", position=n, customer=[f"+1415555{n:04}"]) for n in range(7, 120)]
    RuleTarget.objects.bulk_create(RuleTarget(rule=rule, target=target) for rule in Rule.objects.bulk_create(rules))
    list_of_all = NumberList.objects.get(key="vip")
    Rule.objects.get(key="r-9").lists_any.add(list_of_all)
    client.get(LIST)  # after a change, lint and the draft's banner look again

    with CaptureQueriesContext(connection) as many:
        response = client.get(LIST)

    assert len(shown(response.content.decode())) == 100
    assert len(many) <= len(few) + 1
    assert len(many) < 90  # here, inside a transaction, the draft is read anew each time that it is asked for


def test_many_rules_show_before_lint_has_looked_at_them(client: Client) -> None:
    rules = [Rule(key=f"r-{n}", name=f"R {n}", position=n, customer=[f"+1415555{n:04}"]) for n in range(7, 320)]
    Rule.objects.bulk_create(rules)
    nobody = Rule.objects.get(key="nobody")

    html = page(client)
    late = client.get(f"{LIST}warnings/", {"rules": f"{nobody.pk},x,²"}).json()

    assert "data-unlinted" in html
    assert "switched off" in text_of(late["rules"][str(nobody.pk)])
    assert "need" in text_of(late["attention"])


def test_who_may_only_look_changes_nothing_from_the_list(staff: User, client: Client) -> None:
    html = page(client_of(allow(staff, "view_rule")))

    assert not re.search(r'role="switch"|name="place"|>Duplicate<|>Delete …<|class="action-select"', html)
    assert "VIP callers" in html
