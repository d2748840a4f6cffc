from django.db import migrations, models

import routing.engine.canonical


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0008_call_counts'),
    ]

    operations = [
        migrations.AddField(
            model_name='revision',
            name='changes',
            field=models.JSONField(editable=False, null=True, verbose_name='changes since the revision that was live before'),
        ),
        # How Python writes and reads the column; SQLite would copy the whole table for it.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='revision',
                    name='document',
                    field=models.JSONField(decoder=routing.engine.canonical.PieceDecoder, editable=False, encoder=routing.engine.canonical.PieceEncoder, verbose_name='document'),
                ),
            ],
        ),
    ]
