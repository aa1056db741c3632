"""How much of a file comes in before anybody has looked at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest


class NoMoreThanAllowed(FileUploadHandler):
    """Hand on no more of a file than shows that it is too large, to memory or to disk.

    What comes after that is read and dropped, so that the rest of the form arrives; the form then
    says that the file is too large. A page that takes larger ones says so in `longest_upload`.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.most = longest_upload(self.request)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.seen > self.most:
            return None
        self.seen += len(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        return None


def longest_upload(request: HttpRequest | None) -> int:
    """Return how many bytes a file may have on the page that was asked for."""
    match = getattr(request, "resolver_match", None)
    view = getattr(match, "func", None)
    page = getattr(view, "view_class", None) or getattr(view, "cls", None)
    return int(getattr(page, "longest_upload", None) or settings.FILE_MAX_BYTES)
