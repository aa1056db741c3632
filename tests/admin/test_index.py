"""The index of the administration: every page once, by task."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from crm.site import TASKS
from users.models import User

pytestmark = pytest.mark.django_db


def test_every_page_stands_once_and_tasks_come_first(admin: User, client: Client) -> None:
    client.force_login(admin)

    tasks = client.get(reverse("admin:index")).context["app_list"]

    listed = [page["object_name"] for task in tasks for page in task["models"]]
    assert len(listed) == len(set(listed))
    assert [task["app_label"] for task in tasks][: len(TASKS)] == [key for key, *_rest in TASKS]
    known = {model.__name__ for model in site._registry}
    assert set(listed) == known
    named = {name for _key, _title, names in TASKS for name in names.split()}
    assert named <= known
