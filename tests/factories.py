"""Records for a test; an argument says only what the test is about.

Each is made by the operation that makes it in the product, in the name of a superuser unless `by`
says who, so that an owner may be somebody who may do very little.
"""

from __future__ import annotations

from typing import Any

import factory
from django.db.models import Model
from factory.django import DjangoModelFactory

from accounts.models import Account, Contact
from accounts.operations import create_account, create_contact
from activities.models import Activity
from activities.operations import (
    add_task,
    complete,
    log_call,
    log_email,
    log_meeting,
    log_note,
    plan_meeting,
)
from leads.models import Lead
from leads.operations import capture_lead
from opportunities.models import Opportunity
from opportunities.operations import open_opportunity
from users.models import Grant, Role, Team, User

NO_PASSWORD = "!"


def clerk() -> User:
    """Return the superuser in whose name the factories work."""
    user, _ = User.objects.get_or_create(
        email="clerk@factory.example",
        defaults={"is_superuser": True, "password": NO_PASSWORD, "name": "Clerk"},
    )
    return user


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class UserFactory(DjangoModelFactory[User]):
    """A person, described by what he may do: `UserFactory(may={"leads.qualify_lead": "own"})`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@factory.example")
    name = factory.Sequence(lambda n: f"User {n}")
    password = NO_PASSWORD

    @classmethod
    def _create(cls, model_class: type[Model], *args: Any, **kwargs: Any) -> User:
        may: dict[str, str] = kwargs.pop("may", {})
        roles = list(kwargs.pop("roles", []))
        user: User = super()._create(model_class, *args, **kwargs)
        if may:
            role = Role.objects.create(name=f"What {user.email} may do")
            Grant.objects.bulk_create(
                Grant(role=role, permission=permission, scope=scope)
                for permission, scope in may.items()
            )
            roles.append(role)
        if roles:
            user.roles.set(roles)
        return user


class _RecordFactory(DjangoModelFactory[Any]):
    """A record, made by its operation: `by` does it, `owner` has it."""

    class Meta:
        abstract = True

    owner = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: type[Model], *args: Any, **kwargs: Any) -> Any:
        kwargs["by"] = kwargs.pop("by", None) or clerk()
        return cls.operate(**kwargs)

    @classmethod
    def operate(cls, **kwargs: Any) -> Any:
        raise NotImplementedError


class LeadFactory(_RecordFactory):
    """A lead that may be qualified; no two are alike. Without an owner it waits in the queue."""

    class Meta:
        model = Lead

    topic = factory.Sequence(lambda n: f"Engines {n}")
    first_name = "Ada"
    last_name = factory.Sequence(lambda n: f"Lovelace {n}")
    company = factory.Sequence(lambda n: f"Analytical {n} Engines")
    email = factory.Sequence(lambda n: f"ada{n}@engine{n}.example")

    @classmethod
    def operate(cls, **kwargs: Any) -> Lead:
        if kwargs["owner"] is None:
            kwargs["is_unassigned"] = True
        return capture_lead(**kwargs)


class AccountFactory(_RecordFactory):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Difference {n} Works")

    @classmethod
    def operate(cls, **kwargs: Any) -> Account:
        return create_account(**kwargs)


class ContactFactory(_RecordFactory):
    class Meta:
        model = Contact

    first_name = "Charles"
    last_name = factory.Sequence(lambda n: f"Babbage {n}")
    email = factory.Sequence(lambda n: f"charles{n}@works{n}.example")

    @classmethod
    def operate(cls, **kwargs: Any) -> Contact:
        return create_contact(**kwargs)


class OpportunityFactory(_RecordFactory):
    """An open opportunity at the first stage of the default process."""

    class Meta:
        model = Opportunity

    topic = factory.Sequence(lambda n: f"Looms {n}")

    @classmethod
    def operate(cls, **kwargs: Any) -> Opportunity:
        topic = kwargs.pop("topic")
        return open_opportunity(topic, **kwargs)


class ActivityFactory(_RecordFactory):
    """An entry on the timeline of `on`: a note, or another `kind`; open when it is still due.

    Its owner is who writes it; `is_open=True` makes a call or meeting that is still to come.
    """

    class Meta:
        model = Activity

    kind = "note"

    @classmethod
    def operate(cls, **kwargs: Any) -> Activity:
        record, by, owner = kwargs.pop("on"), kwargs.pop("by"), kwargs.pop("owner")
        kind, is_open = kwargs.pop("kind"), kwargs.pop("is_open", False)
        is_open = is_open or "due_at" in kwargs
        if kind in {"task", "meeting", "call"} and (is_open or kind == "task"):
            is_done = kwargs.pop("is_done", False)
            kwargs.setdefault("subject", f"A {kind} to do")
            if kind == "meeting":
                kwargs.setdefault("due_at", None)
                activity = plan_meeting(record, by=by, owner=owner, **kwargs)
            else:
                activity = add_task(record, by=by, owner=owner, kind=kind, **kwargs)
            return complete(activity, by=by) if is_done else activity
        if kind not in {"call", "note"}:
            kwargs.setdefault("subject", f"The {kind}")
        if kind in {"note", "email"}:
            kwargs.setdefault("text", f"What the {kind} says")
        log = {"note": log_note, "call": log_call, "meeting": log_meeting, "email": log_email}
        activity = log[kind](record, by=by, **kwargs)
        # It is whose hand wrote it; the clerk only held the pen.
        Activity.objects.filter(pk=activity.pk).update(owner=owner)
        activity.owner = owner
        return activity
