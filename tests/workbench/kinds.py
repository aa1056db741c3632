"""Kinds of jobs for tests: they found teams, or come to grief on the way."""

from __future__ import annotations

from records.errors import Busy, Refused
from tests.factories import TeamFactory
from workbench.jobs import End, Job, Kind, Line, Step


class Killed(BaseException):
    """Ends a process in the middle, like a signal: nobody catches it."""


@Kind
def found_teams(job: Job) -> Step | End:
    number = job.cursor.get("next", 0)
    if number == job.total:
        return End(f"{number} teams were founded.", url="/leads/")
    team = TeamFactory(name=f"{job.arguments.get('name', 'Team')} {number}")
    trouble(job, number)
    return Step({"next": number + 1}, lines=(Line(team, text=f"Founded {number}"),))


def trouble(job: Job, number: int) -> None:
    """Do what the arguments say is to go wrong at this step, after its work is done."""
    if job.arguments.get("dies_at") == number:
        raise Killed
    if job.arguments.get("breaks_at") == number:
        raise ZeroDivisionError
    if job.arguments.get("refuses_at") == number:
        raise Refused("There is no room for another team.")
    if job.arguments.get("is_busy_at") == number:
        raise Busy
