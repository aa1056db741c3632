"""Qualifying without a hand, by several workers that are killed in the middle; what must hold."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from tests.deliver import Worker

if TYPE_CHECKING:
    from tests.server import Server

LEADS, LIMIT, WORKERS, KILLS = 200, 50, 3, 5

WORLD = """
import json, sys
from leads.models import QualificationRuleSet
from leads.operations import capture_lead, set_automation
from users.models import User
by = User.objects.create_superuser("prove@crm.example", None, name="Prove")
for n in range(int(sys.argv[1])):
    capture_lead(by=by, topic=f"Engines {n}", last_name=f"Lovelace {n}", company=f"Works {n}",
                 email=f"ada{n}@works{n}.example")
active = QualificationRuleSet.objects.active().get()
set_automation(active, by=by, is_automatic=True, hourly_limit=int(sys.argv[2]))
print(json.dumps("done"))
"""

ENQUEUE = """
import json, sys
from leads.jobs import automate
print(json.dumps([str(automate.enqueue().id) for _ in range(int(sys.argv[1]))]))
"""

COUNT = """
import json
from leads.models import Lead
print(json.dumps(Lead.objects.qualified().count()))
"""

# The clock goes on by data: what was done an hour ago was done more than an hour ago.
AN_HOUR_LATER = """
import json
from datetime import timedelta
from django.db.models import F
from leads.models import AutomaticQualification
AutomaticQualification.objects.update(at=F("at") - timedelta(minutes=61))
print(json.dumps("done"))
"""

TRUTH = """
import json
from bisect import bisect_right
from collections import Counter
from datetime import timedelta
from django_tasks_db.models import DBTaskResult
from accounts.models import Account, Contact
from crm.integrity import findings
from leads.models import AutomaticQualification, Lead, Qualification
from opportunities.models import Opportunity
from records.models import AuditEntry
wrong = [f"{f.rule}: {f.text}" for f in findings()]
cycles = Counter(Qualification.objects.values_list("lead", flat=True))
wrong += [f"lead {lead} was qualified {n} times" for lead, n in cycles.items() if n > 1]
wrong += [f"lead {lead.pk} is open" for lead in Lead.objects.open()]
log = list(AutomaticQualification.objects.order_by("at", "pk"))
wrong += [f"the log of lead {line.lead_id} says {line.outcome}"
          for line in log if line.outcome != "qualified"]
wrong += [f"lead {lead} is not in the log" for lead in set(cycles) - {line.lead_id for line in log}]
moments = [line.at for line in log]
in_an_hour = [bisect_right(moments, at + timedelta(hours=1)) - n for n, at in enumerate(moments)]
print(json.dumps({
    "wrong": wrong,
    "qualified": len(cycles),
    "logged": len(log),
    "most_in_any_hour": max(in_an_hour),
    "accounts": Account.objects.count(),
    "contacts": Contact.objects.count(),
    "opportunities": Opportunity.objects.count(),
    "audited": AuditEntry.objects.filter(event="lead.qualified").count(),
    "jobs_broken_off": DBTaskResult.objects.filter(status="RUNNING").count(),
}))
"""


def automation(server: Server) -> dict[str, Any]:
    """200 ready leads, a limit of 50 an hour, three workers at once of which one after the other is
    killed (signal 9), the clock moved by ageing the log: each lead is qualified once, no hour has
    more than the limit, and the log tells of all.
    """
    server.script(WORLD, str(LEADS), str(LIMIT))
    dice, kills, begun = random.Random(11), 0, time.monotonic()
    workers = [Worker(server) for _ in range(WORKERS)]
    try:
        for hour in range(1, LEADS // LIMIT + 1):
            server.script(ENQUEUE, str(2 * WORKERS))
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.3, 2.5))
                dice.choice(workers).kill()
                kills += 1
            patience = time.monotonic() + 120
            while server.script(COUNT) < hour * LIMIT and time.monotonic() < patience:
                server.script(ENQUEUE, str(WORKERS))  # as the scheduler does each minute
            # The hour is full: whoever comes now finds no room.
            server.script(ENQUEUE, str(WORKERS))
            time.sleep(1)
            assert server.script(COUNT) == hour * LIMIT
            server.script(AN_HOUR_LATER)
    finally:
        for worker in workers:
            worker.stop()
    truth = server.script(TRUTH)
    assert not truth["wrong"], truth["wrong"][:10]
    assert truth["most_in_any_hour"] <= LIMIT, truth
    made = ("qualified", "logged", "accounts", "contacts", "opportunities", "audited")
    assert {truth[name] for name in made} == {LEADS}, truth
    return {
        "leads": LEADS,
        "limit_an_hour": LIMIT,
        "workers_at_once": WORKERS,
        "killed_workers": kills,
        "seconds": round(time.monotonic() - begun, 1),
        **{key: value for key, value in truth.items() if key != "wrong"},
    }
