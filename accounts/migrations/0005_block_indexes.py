"""Find records by the keys of those that may be the same."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("accounts", "0004_fill_blocks")]

    operations = [
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['block_word', 'id'], name='account_block_word_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['block_word_2', 'id'], name='account_block_word_2_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['block_start', 'id'], name='account_block_start_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['block_end', 'id'], name='account_block_end_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['block_street', 'id'], name='account_block_street_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['block_phone', 'id'], name='account_block_phone_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['block_name', 'id'], name='contact_block_name_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['block_home', 'id'], name='contact_block_home_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['block_home_2', 'id'], name='contact_block_home_2_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['block_street', 'id'], name='contact_block_street_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['block_mail', 'id'], name='contact_block_mail_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['block_phone', 'id'], name='contact_block_phone_idx'),
        ),
    ]
