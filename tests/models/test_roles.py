"""The roles that a migration makes hold the permissions that people expect of them, and no others."""

import pytest
from django.contrib.auth.models import Group, Permission, User

pytestmark = pytest.mark.django_db

# Permission -> who has it: v(iewer), e(ditor), p(ublisher), a(uditor).
EXPECTED = {
    "routing.view_rule": "vepa",
    "routing.view_ruletarget": "vepa",
    "routing.view_call": "vepa",
    "routing.view_revision": "vepa",
    "routing.view_emergencyswitch": "vepa",
    "routing.view_numberlistentry": "vepa",
    "routing.add_rule": "ep",
    "routing.change_rule": "ep",
    "routing.delete_rule": "ep",
    "routing.change_ruletarget": "ep",
    "routing.add_numberlistentry": "ep",
    "routing.delete_numberlistentry": "ep",
    "routing.change_tablesettings": "ep",
    "routing.sync_target": "ep",
    "routing.publish_revision": "p",
    "routing.add_emergencyswitch": "p",
    "routing.change_emergencyswitch": "p",
    "routing.view_full_numbers": "pa",
    "routing.export_call": "a",
    "routing.view_apikey": "a",
    "routing.view_webhooksecret": "a",
    "admin.view_logentry": "a",
    "auth.view_user": "a",
    # For superusers only: keys and secrets, people, and what happened cannot be rewritten by anybody's role.
    "routing.add_apikey": "",
    "routing.change_webhooksecret": "",
    "routing.delete_call": "",
    "routing.delete_revision": "",
    "routing.delete_emergencyswitch": "",
    "routing.delete_tablesettings": "",
    "auth.change_user": "",
    "auth.change_group": "",
}
ROLES = {"v": "Routing viewer", "e": "Routing editor", "p": "Routing publisher", "a": "Routing auditor"}


@pytest.mark.parametrize("letter", ROLES)
def test_role_may_do_what_it_is_for(letter: str) -> None:
    user = User.objects.create_user("kim", is_staff=True)
    user.groups.add(Group.objects.get(name=ROLES[letter]))

    allowed = {permission for permission in EXPECTED if user.has_perm(permission)}

    assert allowed == {permission for permission, letters in EXPECTED.items() if letter in letters}


def test_the_permissions_are_all_there() -> None:
    known = {f"{it.content_type.app_label}.{it.codename}" for it in Permission.objects.select_related("content_type")}

    assert set(EXPECTED) <= known
