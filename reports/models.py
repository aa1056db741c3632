"""What the pages that look across the rooms remember of a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Recent(models.Model):
    """The records that somebody has opened lately, the last one first.

    `records` are pairs of a kind, like `lead`, and a number, ten at the most. Whether the person
    may still see them is asked when they are shown.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    records = models.JSONField(default=list)

    class Meta:
        verbose_name = _("recent records")
        verbose_name_plural = _("recent records")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)
