"""Let a merge leave the identities of what it merged with the record that stays."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('records', '0005_merges'),
    ]

    operations = [
        migrations.AddField(
            model_name='identityclaim',
            name='alias',
            field=models.CharField(blank=True, editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name='identityclaim',
            name='merge',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='records.merge'),
        ),
        migrations.AddIndex(
            model_name='identityclaim',
            index=models.Index(condition=models.Q(('alias', ''), _negated=True), fields=['alias'], name='claim_alias_idx'),
        ),
    ]
