"""Answers to requests for calls are encrypted from now on, those of the last day too."""

import json

from django.db import migrations

from routing.models.encrypted import EncryptedTextField


def encrypt(apps, schema_editor):
    claims = apps.get_model("routing", "RequestClaim").objects
    for claim in claims.filter(plain_answer__isnull=False).iterator():
        claims.filter(pk=claim.pk).update(answer=json.dumps(claim.plain_answer))


class Migration(migrations.Migration):

    dependencies = [("routing", "0011_fewer_call_indexes")]

    operations = [
        migrations.RenameField("requestclaim", "answer", "plain_answer"),
        migrations.AddField(
            "requestclaim", "answer", EncryptedTextField(blank=True, null=True, verbose_name="answer, as JSON")
        ),
        migrations.RunPython(encrypt, migrations.RunPython.noop),
        migrations.RemoveField("requestclaim", "plain_answer"),
    ]
