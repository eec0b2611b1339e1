"""A user as a program sees them: no more than their token's scopes, whatever else they may do."""
from __future__ import annotations

from moviepoint.domains.accounts.models import User
from moviepoint.kernel.policies import granted, granted_in_part


class Narrowed:
    """The actor of a request with a token: the user's permissions and the token's scopes, both.

    It stands where Flask-Login's current user stands, and is no `User`: whatever asks for a whole user gets none.
    """

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, user: User, token_id: int, token_name: str, scopes: frozenset[str] | None) -> None:
        """`scopes` are grants; None is all that the user may, for a token that only reads."""
        self.id: int | None = user.id
        self.token_id = token_id
        self.read_only = scopes is None
        self._user, self._name, self._scopes = user, token_name, scopes

    def __str__(self) -> str:
        return f"{self._user} · {self._name}"

    @property
    def owner(self) -> User:
        """Return whose token it is."""
        return self._user

    def get_id(self) -> str:
        """Return nothing that a session could be made of."""
        return ""

    def may(self, permission: str, *, locale: str = "", own: bool = False) -> bool:
        """Say whether the user and the token allow something."""
        return self._user.may(permission, locale=locale, own=own) and (
            self._scopes is None or granted(self._scopes, permission, locale=locale, own=own))

    def may_in_part(self, permission: str) -> bool:
        """Say whether the user and the token allow something at least in part."""
        return self._user.may_in_part(permission) and (
            self._scopes is None or granted_in_part(self._scopes, permission))
