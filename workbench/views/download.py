"""Bytes that people have sent, handed out so that a browser makes no page of them."""

from __future__ import annotations

import logging

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

log = logging.getLogger(__name__)
# Whatever a browser makes of it, it may run nothing, load nothing and is nobody's page.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def file_answer(key: str, name: str, content_type: str) -> FileResponse:
    """Answer with kept bytes, to be saved and never to be shown as a page of ours."""
    try:
        stream = default_storage.open(key)
    except FileNotFoundError as error:
        log.exception("The bytes of a file are gone: %s", key)
        raise Http404 from error
    answer = FileResponse(stream, as_attachment=True, filename=name, content_type=content_type)
    answer["Content-Security-Policy"] = POLICY
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
