"""Why a sign-in by OpenID Connect is not made: in words for who wanted it."""
from __future__ import annotations

from http import HTTPStatus

from moviepoint.kernel.errors import MoviePointError
from moviepoint.kernel.i18n import gettext as _
from moviepoint.settings import OpenIdProvider


class OpenIdFault(MoviePointError):
    """A sign-in that is not made, and can be tried again."""

    status = HTTPStatus.BAD_GATEWAY
    code = "openid"


class Away(OpenIdFault):
    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(_("%(name)s does not answer at present. Try again in a little while, or sign in another way.",
                           name=provider.label))


class Denied(OpenIdFault):
    status = HTTPStatus.FORBIDDEN

    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(_("You were not signed in: %(name)s was not allowed to tell us who you are.",
                           name=provider.label))


class NotMade(OpenIdFault):
    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(_("%(name)s has refused this site. Try again; if it stays so, tell whoever runs this site.",
                           name=provider.label))


class Unbelievable(OpenIdFault):
    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(_("What came back in the name of %(name)s cannot be trusted, so nobody was signed in. "
                           "Try again; if it stays so, tell whoever runs this site.", name=provider.label))


class ClocksDiffer(OpenIdFault):
    def __init__(self, provider: OpenIdProvider) -> None:
        super().__init__(_("The answer of %(name)s was too old, or its clock and ours differ. Try again; "
                           "if it stays so, tell whoever runs this site.", name=provider.label))


class Stale(OpenIdFault):
    status = HTTPStatus.BAD_REQUEST

    def __init__(self) -> None:
        super().__init__(_("This sign-in was begun too long ago or in another browser, or was ended already. "
                           "Begin again."))
