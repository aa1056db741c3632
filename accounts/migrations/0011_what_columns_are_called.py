"""Call columns by names that can be translated."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_second_email_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='identitylock',
            options={'verbose_name': 'identity lock', 'verbose_name_plural': 'identity locks'},
        ),
        migrations.AlterField(
            model_name='account',
            name='changed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='account',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='account',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='account',
            name='deleted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='account',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='account',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='account',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='changed_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='deleted_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='changed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='created_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='deleted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='historicalaccount',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='changed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='changed by'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='created_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='deleted_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='deleted at'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='deleted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='deleted by'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='next_step_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='next step at'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='next_step_kind',
            field=models.CharField(blank=True, editable=False, max_length=8, verbose_name='next step kind'),
        ),
        migrations.AlterField(
            model_name='historicalcontact',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AlterField(
            model_name='identityclaim',
            name='account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='accounts.account', verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='identityclaim',
            name='contact',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='accounts.contact', verbose_name='contact'),
        ),
        migrations.AlterField(
            model_name='identityclaim',
            name='kind',
            field=models.CharField(choices=[('email', 'Email'), ('person', 'Name, company and phone'), ('company', 'Company')], max_length=8, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='identityclaim',
            name='slot',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='slot'),
        ),
        migrations.AlterField(
            model_name='identityclaim',
            name='value',
            field=models.CharField(max_length=700, verbose_name='value'),
        ),
        migrations.AlterField(
            model_name='identitylock',
            name='value',
            field=models.CharField(max_length=700, unique=True, verbose_name='value'),
        ),
    ]
