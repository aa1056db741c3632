"""How sign-in behaves here: people are invited by an administrator, nobody signs up alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by email and password, for people an administrator has entered."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: who may see customers is decided by the firm, not by the visitor."""
        return False


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-in through the firm's identity provider, for the same people."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Refuse: a person the provider knows still has to be entered here first."""
        return False
