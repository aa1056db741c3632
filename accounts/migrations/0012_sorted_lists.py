"""Have what lists of accounts and contacts are sorted and counted by in indexes."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_what_columns_are_called'),
        ('records', '0013_an_email_comes_in'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='account',
            name='account_created_idx',
        ),
        migrations.RemoveIndex(
            model_name='account',
            name='account_name_idx',
        ),
        migrations.RemoveIndex(
            model_name='contact',
            name='contact_created_idx',
        ),
        migrations.RemoveIndex(
            model_name='contact',
            name='contact_name_idx',
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['-created_at', '-id', 'owner', 'deleted_at'], name='account_created_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['name', 'id', 'owner', 'deleted_at'], name='account_name_idx'),
        ),
        migrations.AddIndex(
            model_name='account',
            index=models.Index(fields=['deleted_at', 'owner', 'industry', 'city', 'country', 'region', 'domain', 'next_step_at', 'touched_at', 'created_at', 'id'], name='account_list_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['-created_at', '-id', 'owner', 'deleted_at'], name='contact_created_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['last_name', 'first_name', 'id', 'owner', 'deleted_at'], name='contact_name_idx'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['deleted_at', 'owner', 'account', 'email', 'next_step_at', 'touched_at', 'created_at', 'id'], name='contact_list_idx'),
        ),
    ]
