"""The pages of emails, templates and invitations."""

from emails.views.templates import (
    TemplateCreate,
    TemplateDelete,
    TemplateEdit,
    TemplateList,
)
from emails.views.write import EmailAgain, EmailWrite, MeetingInvite

__all__ = [
    "EmailAgain",
    "EmailWrite",
    "MeetingInvite",
    "TemplateCreate",
    "TemplateDelete",
    "TemplateEdit",
    "TemplateList",
]
