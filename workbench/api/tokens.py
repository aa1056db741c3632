"""Who calls: the user of the token in `Authorization: Bearer crm_…`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from users.models import ApiToken, User
from users.operations import live_token, note_use


class BearerToken(BaseAuthentication):
    """Looks the token up by its hash; one that has ended, or whose user has, opens nothing."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _blank, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        secret = secret.strip()
        token = live_token(secret) if self._can_be(scheme, secret) else None
        if token is None:
            raise AuthenticationFailed(_("This token is not valid, or not any more."))
        note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _can_be(self, scheme: str, secret: str) -> bool:
        has_our_look = secret.startswith(ApiToken.PREFIX) and secret.isascii()
        return scheme.lower() == "bearer" and has_our_look and len(secret) <= 100


class TokenReaches(BasePermission):
    """A token to read with changes nothing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        self.message = _("This token is for reading only.")
        is_reading = request.method in SAFE_METHODS
        return is_reading or getattr(request.auth, "scope", "") == ApiToken.Scope.WRITE


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """What the schema says about it."""

    target_class = "workbench.api.tokens.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "crm_…"}
