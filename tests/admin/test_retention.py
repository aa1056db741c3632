"""For how long what is only needed for a while is kept is a setting, which the daily duty obeys."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from intake.models import Delivery, Door
from intake.operations import prune, save_door, store_delivery
from records.models import Retention
from records.operations.notices import prune_notices
from tests.admin.forms import errors_of, form_of
from users.models import User
from workbench.models import Job, Mail
from workbench.operations.jobs import prune_jobs
from workbench.operations.mail import post
from workbench.operations.sending import prune_mail


def test_is_obeyed_from_the_next_time_on(admin: User, client: Client) -> None:
    client.force_login(admin)
    page = reverse("admin:records_retention_change", args=[Retention.objects.get().pk])
    now, old = timezone.now(), timezone.now() - timedelta(days=6)
    post(to="ada@engine.example", subject="The quote", text="Here it is.")
    Mail.objects.update(state=Mail.State.SENT, created_at=old)
    job = {"kind": "export", "title": "Leads", "state": Job.State.DONE, "finished_at": old}
    Job.objects.create(owner=admin, **job)
    door = save_door(Door(name="Shop"), by=admin)
    store_delivery(door, raw=b"{}")
    Delivery.objects.update(state=Delivery.State.IGNORED, received_at=old)

    def pruned() -> list[int]:
        return [prune(now), prune_jobs(now), prune_mail(now), prune_notices(now)]

    assert pruned() == [0, 0, 0, 0]
    refused = client.post(page, form_of(client, page) | {"letters": "0"})
    assert "greater than or equal to 1" in errors_of(refused)
    terms = dict.fromkeys(("payloads", "letters", "jobs", "notices"), "5")
    assert client.post(page, form_of(client, page) | terms).status_code == 302

    assert pruned() == [1, 1, 1, 0]
