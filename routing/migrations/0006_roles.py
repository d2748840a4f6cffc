"""Four roles that staff are put into. A group of the same name that stands already keeps what it may do, and gains."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = ("rule", "target", "schedule", "campaign", "ournumber", "numberlist", "tablesettings")
# Rows that are edited inside their parent's page ask for permissions of their own.
INSIDE = ("ruletarget", "ruleattribute", "scheduleexception")

VIEWER = {f"view_{model}" for model in (*TABLE, *INSIDE, "numberlistentry", "vapiobject")} | {
    "view_revision",
    "view_call",
    "view_scheduledcall",
    "view_emergencyswitch",
}
EDITOR = VIEWER | {
    f"{verb}_{model}"
    for verb in ("add", "change", "delete")
    for model in (*TABLE, *INSIDE, "numberlistentry")
    if (verb, model) not in {("add", "tablesettings"), ("delete", "tablesettings")}
} | {"sync_target"}
PUBLISHER = EDITOR | {"publish_revision", "add_emergencyswitch", "change_emergencyswitch", "view_full_numbers"}
AUDITOR = VIEWER | {
    "view_full_numbers",
    "export_call",
    "view_apikey",
    "view_webhooksecret",
    "view_logentry",
    "view_user",
    "view_group",
}
ROLES = {
    "Routing viewer": VIEWER,
    "Routing editor": EDITOR,
    "Routing publisher": PUBLISHER,
    "Routing auditor": AUDITOR,
}
APPS = ("routing", "auth", "admin")


def make_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the groups; their permissions are made first, because Django does that only after all migrations."""
    alias = schema_editor.connection.alias
    for label in APPS:
        _make_permissions(apps, label, alias)
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _ = group_model.objects.using(alias).get_or_create(name=name)
        found = permission_model.objects.using(alias).filter(codename__in=codenames, content_type__app_label__in=APPS)
        group.permissions.add(*found)


def _make_permissions(apps: Apps, label: str, alias: str) -> None:
    app = apps.get_app_config(label)
    app.models_module = True  # type: ignore[assignment]  # Django asks whether the app has models at all
    create_permissions(app, apps=apps, using=alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0005_staff_desk"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
