"""The questions asked of opportunities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db.models import Aggregate, OuterRef, Subquery, TextField

from accounts.models import Account
from records.querysets import RecordQuerySet

if TYPE_CHECKING:
    from users.models import User


class Names(Aggregate):
    """The values of a column, one after the other with a comma."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ', ')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


class OpportunityQuerySet(RecordQuerySet):
    """Opportunities, narrowed or annotated."""

    def open(self) -> Self:
        return self.filter(status="open")

    def won(self) -> Self:
        return self.filter(status="won")

    def lost(self) -> Self:
        return self.filter(status="lost")

    def for_list(self) -> Self:
        """Fetch what a row of the list shows, in one query."""
        return self.select_related("owner", "account__owner", "contact", "stage")

    def with_place(self, viewer: User) -> Self:
        """Add `place_country` and `place_region`: of the account, where `viewer` may see it."""
        account = Account.objects.permitted(viewer).filter(pk=OuterRef("account"))
        return self.annotate(
            place_country=Subquery(account.values("country")[:1]),
            place_region=Subquery(account.values("region")[:1]),
        )

    def with_competitor_names(self) -> Self:
        """Add the names of the competitors as one text, without a statement of their own."""
        linked = self.model.competitors.through.objects.filter(opportunity=OuterRef("pk"))
        names = linked.values("opportunity").annotate(names=Names("competitor__name"))
        return self.annotate(competitor_names=Subquery(names.values("names")))
