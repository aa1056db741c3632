"""Files of timelines: handed out to whoever may see their entry, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic.base import View

from activities import operations
from activities.models import Activity, File
from activities.views.entry import EntryPage
from workbench.views import OperationView
from workbench.views.download import file_answer

if TYPE_CHECKING:
    from users.models import User


class FileDownload(View):
    """A file, as it was sent."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        file = self.found(request.user, pk)  # type: ignore[arg-type]
        return file_answer(file.key, file.name, file.content_type)

    def found(self, user: User, pk: int) -> File:
        """Return the file, among those of entries that the user may see."""
        file: File = get_object_or_404(File.objects.shown_to(user), pk=pk)
        return file


class FilePreview(FileDownload):
    """The small picture of a picture, made anew when it came in."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        file = self.found(request.user, pk)  # type: ignore[arg-type]
        if not file.preview:
            raise Http404
        answer = file_answer(file.preview, "preview.webp", "image/webp")
        # It never changes; whoever may not see it any more gets it from nobody else's cache.
        answer["Cache-Control"] = "private, max-age=3600"
        return answer


class FilePage(EntryPage, OperationView):
    """A page about one file: for whoever may do the same to its entry."""

    action = "delete"
    kept_in_bin = True
    template_name = "activities/operation.html"

    @cached_property
    def file(self) -> File:
        file: File = get_object_or_404(
            File.all_objects.select_related("activity__owner"), pk=self.kwargs["pk"]
        )
        return file

    @cached_property
    def record(self) -> Activity:
        self.kwargs = {"pk": self.file.activity_id}
        return EntryPage.record.func(self)  # type: ignore[attr-defined, no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(file=self.file, **kwargs)


class FileDelete(FilePage):
    """Put a file into the recycle bin."""

    submit_label = gettext_lazy("Remove")
    explanation = gettext_lazy("It goes to the recycle bin, from where it can be restored.")
    is_dangerous = True

    def page_title(self) -> str:
        return _("Remove %(file)s") % {"file": self.file}

    def run(self, form: Any) -> File:
        return operations.remove_file(self.file, by=self.user)

    def success_message(self, outcome: File) -> str:
        return _("%(file)s was removed") % {"file": self.file}

    def undo_url(self, outcome: File) -> str:
        return reverse("activities:file-restore", kwargs={"pk": self.file.pk})


class FileRestore(FilePage):
    """Take a file out of the recycle bin."""

    submit_label = gettext_lazy("Restore")
    explanation = gettext_lazy("It is in the recycle bin.")

    def page_title(self) -> str:
        return _("Restore %(file)s") % {"file": self.file}

    def run(self, form: Any) -> File:
        return operations.restore_file(self.file, by=self.user)

    def success_message(self, outcome: File) -> str:
        return _("%(file)s was restored") % {"file": self.file}
