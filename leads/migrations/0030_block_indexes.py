"""Find records by the keys of those that may be the same."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("leads", "0029_fill_blocks")]

    operations = [
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['block_name', 'id'], name='lead_block_name_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['block_home', 'id'], name='lead_block_home_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['block_home_2', 'id'], name='lead_block_home_2_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['block_street', 'id'], name='lead_block_street_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['block_mail', 'id'], name='lead_block_mail_idx'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['block_phone', 'id'], name='lead_block_phone_idx'),
        ),
    ]
