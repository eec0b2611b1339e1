"""One OpenAPI document for all domains and plugins, made from the views' annotations by SpecTree."""
from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
from flask import Blueprint, Flask, request
from spectree import SecurityScheme, SpecTree
from spectree.model_adapter import get_msgspec_model_adapter
from spectree.models import InType, SecureType, SecuritySchemeData
from spectree.page import PAGE_TEMPLATES
from werkzeug.exceptions import BadRequest

from moviepoint import __version__
from moviepoint.hooks.manager import HookManager
from moviepoint.kernel.validation import explained

PREFIX = "/api/v1"
EXPLORER = f"{PREFIX}/docs"


class Problem(msgspec.Struct, omit_defaults=True):
    """An error as RFC 9457 describes it; `errors` has sentences by field."""

    type: str
    title: str
    status: int
    detail: str = ""
    code: str = ""
    errors: dict[str, list[str]] = {}


def _name(model: Any) -> str:
    """Name a component by its class alone: `Page[TitleCard]` → `PageTitleCard`."""
    arguments = "".join(_name(argument) for argument in get_args(model))
    name = getattr(model, "__name__", str(model)) + arguments
    return re.sub(r"[^A-Za-z0-9_.-]", "", name)


def _refuse(_request: Any, _response: Any, error: Exception | None, *_: Any) -> None:
    """Turn SpecTree's validation error into ours, so that every edge answers alike."""
    if error is None:
        return
    raise explained(str(error))


#: The reader that the package brings, told to take the browser's fonts: it would fetch its own from elsewhere.
_READER = PAGE_TEMPLATES["scalar"].replace("theme: 'purple',", "theme: 'purple', withDefaultFonts: false,")

spec = SpecTree(
    "flask", model_adapter=get_msgspec_model_adapter(), mode="strict", annotations=True, before=_refuse,
    naming_strategy=_name, nested_naming_strategy=lambda _parent, child: child, validation_error_model=Problem,
    title="MoviePoint", version=__version__, path=EXPLORER.lstrip("/"), filename="openapi.json",
    page_templates={"scalar": _READER},
    security_schemes=[SecurityScheme(name="session", data=SecuritySchemeData(
        type=SecureType.API_KEY, field_in=InType.COOKIE, name="session")),
        SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))],
)


def blueprint(name: str, import_name: str) -> Blueprint:
    """Return a blueprint for an API resource, mounted below /api/v1, that refuses a body that is not JSON."""
    resource = Blueprint(f"api_{name}", import_name, url_prefix=PREFIX)
    resource.before_request(_require_json)
    return resource


def _require_json() -> None:
    if request.method not in ("POST", "PUT", "PATCH"):
        return
    if request.is_json:
        request.get_json()  # raises BadRequest, where SpecTree alone would take it as {}
    elif request.mimetype in ("", "text/plain") and request.content_length:
        raise BadRequest("The body must be JSON, with Content-Type: application/json.")


def init_app(app: Flask, hooks: HookManager) -> None:
    """Mount all resources and the document."""
    for resource in hooks.collect("register_api_resources"):
        app.register_blueprint(resource.blueprint)
    if hasattr(spec, "_spec"):
        del spec._spec  # the document belongs to the app that was made last
    spec.register(app)

    @app.get(f"{PREFIX}/openapi.json")
    def openapi() -> dict[str, Any]:
        document: dict[str, Any] = spec.spec
        return document
