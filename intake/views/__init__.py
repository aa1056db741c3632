"""What strangers and their programs reach, and the inbox of those who look after it."""

from intake.views.inbox import InboxDetail, InboxDiscard, InboxList, InboxRetry
from intake.views.public import DoorPage, WebFormPage, WebFormThanks

__all__ = [
    "DoorPage",
    "InboxDetail",
    "InboxDiscard",
    "InboxList",
    "InboxRetry",
    "WebFormPage",
    "WebFormThanks",
]
