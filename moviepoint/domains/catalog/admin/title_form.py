"""A title's page in the back office: its form, the meeting of two editors, pictures, preview."""
from __future__ import annotations

import json
from typing import Any

from flask import Response as FlaskResponse
from flask import current_app, flash, get_flashed_messages, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import form_queries, images, policies, queries, services
from moviepoint.domains.catalog.admin.entry import title_input, title_values
from moviepoint.domains.catalog.documents import title_document
from moviepoint.domains.catalog.labels import DEPARTMENTS
from moviepoint.domains.catalog.merging import Disagreement, merge, put
from moviepoint.domains.catalog.models import COMPANY_ROLES, EXTRA_KINDS, RELEASE_KINDS, Title
from moviepoint.domains.catalog.preview import preview_token
from moviepoint.domains.catalog.schemas import TitleInput
from moviepoint.domains.catalog.services import titles
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.history.queries import of_entity
from moviepoint.domains.history.services import is_whole
from moviepoint.kernel.db import db, rehearsal, unit_of_work
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.validation import convert
from moviepoint.shells.admin.frame import View

MAX_SETTLED = 400


class TitleForm(View):
    """Entering and editing one title."""

    @expose("/new", methods=("GET", "POST"))
    def new(self) -> Any:
        """Enter a film or series."""
        return self._form(None)

    @expose("/<int:title_id>", methods=("GET", "POST"))
    def edit(self, title_id: int) -> Any:
        """Edit a title: texts of all locales side by side, and all its lists."""
        return self._form(title_id)

    def _form(self, title_id: int | None) -> Any:
        locales = self.locales()
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            saved_id = None
            with self.saving(_("Saved.")) as work:
                data = title_input(work, current_user, request.form, self.written(locales))
                saved = services.save_title(work, current_user, data, title_id)
                self._take_pictures(saved)
                saved_id = saved.id
            if self.failure is None:
                return redirect(self.get_url(".edit", title_id=saved_id))
            if title_id is not None and self.failure.code == "stale":
                return self._meet(title_id)
            errors = self.failure.fields if isinstance(self.failure, Invalid) else {}
        session = db.session()
        title = form_queries.title_for_editing(session, current_user, title_id) if title_id is not None else None
        genres = form_queries.genres_of_form(session, title)
        form = request.form if request.method == "POST" else None
        page = self.render(
            "catalog/admin/title.html", title=title, values=title_values(form, title, locales), errors=errors,
            locales=locales, written=self.written(locales), whole=policies.may_write(current_user, title),
            genres=genres, chain=reader().chain,
            counts=form_queries.seasons_of_form(session, title),
            outdated=queries.outdated_locales(title) if title else (), departments=list(DEPARTMENTS.items()),
            company_roles=COMPANY_ROLES, release_kinds=RELEASE_KINDS, extra_kinds=EXTRA_KINDS,
            image_kinds=("poster", "backdrop"), history=of_entity(session, titles.ENTITY, title.id, 5) if title else ())
        return FlaskResponse(page, status=self.failure.status if form is not None and self.failure else 200)

    def _take_pictures(self, title: Title) -> None:
        """Take in the pictures chosen: a new poster replaces the old one, others are added."""
        storage = current_app.extensions["moviepoint.storage"]
        for kind in ("poster", "backdrop"):
            for file in request.files.getlist(kind):
                if file.filename:
                    images.add_image(db.session(), current_user, storage, title, kind, file.read(),  # type: ignore[arg-type]
                                     alt=title.original_title, replace=kind == "poster")

    def _meet(self, title_id: int) -> Any:
        """Bring together two editors' work: by itself where they agree, else by a page that asks."""
        session = db.session()
        with unit_of_work():
            theirs = title_document(titles.find_whole(session, title_id))
            version = titles.find_whole(session, title_id).version
            read_at = request.form.get("base", "")
            base = next((revision.document or {} for revision in of_entity(session, titles.ENTITY, title_id)
                         if read_at.isdigit() and revision.id <= int(read_at) and is_whole(revision)), {})
            # what is new on the way (people, words) stays, for the merged title will name it
            data = title_input(session, current_user, request.form, self.written(self.locales()))
            data.version = version
            with rehearsal(session):
                mine = title_document(services.save_title(session, current_user, data, title_id))
        merged, disagreements = merge(base, mine, theirs)
        get_flashed_messages()  # that the save was refused: a better answer follows
        if not disagreements:
            with self.saving(_("A colleague saved in the meantime; both changes are kept.")) as work:
                saved = services.save_title(
                    work, current_user, convert(TitleInput, merged | {"version": version}), title_id)
                self._take_pictures(saved)
            return redirect(self.get_url(".edit", title_id=title_id))
        if any(file.filename for file in request.files.values()):
            flash(_("Choose the new pictures again after this."), "error")
        return self._ask(title_id, version, merged, disagreements)

    def _ask(self, title_id: int, version: int, merged: dict[str, Any], fields: list[Disagreement]) -> Any:
        page = self.render("catalog/admin/merge.html", title_id=title_id, version=version, fields=fields,
                           merged=json.dumps(merged, default=str, ensure_ascii=False),
                           mine=json.dumps({field.key: field.mine for field in fields}, default=str))
        return FlaskResponse(page, status=409)

    @expose("/<int:title_id>/merge", methods=("POST",))
    def settle(self, title_id: int) -> Any:
        """Save what came out of the page that asks: for each field the one or the other."""
        with self.saving(_("Saved.")) as session:
            document, mine = _object(request.form.get("merged", "")), _object(request.form.get("mine", ""))
            for key, value in list(mine.items())[:MAX_SETTLED]:
                if request.form.get(f"choose:{key}") == "mine":
                    put(document, tuple(key.split("/")), value)
            data = convert(TitleInput, document | {"version": request.form.get("version", "")})
            services.save_title(session, current_user, data, title_id)
        return redirect(self.get_url(".edit", title_id=title_id))

    @expose("/<int:title_id>/images/<int:image_id>", methods=("POST",))
    def picture(self, title_id: int, image_id: int) -> Response:
        """Change what is said of a picture, make it the first of its kind, or delete it."""
        with self.saving(_("Saved.")) as session:
            queries.title(session, current_user, title_id)
            if request.form.get("verb") == "delete":
                images.delete_image(session, current_user, current_app.extensions["moviepoint.storage"], image_id)
            else:
                images.change_image(
                    session, current_user, image_id, alt=request.form.get("alt", ""),
                    locale=request.form.get("locale", ""), focal=(_per_cent("focal_x"), _per_cent("focal_y")),
                    first=request.form.get("verb") == "first")
        return redirect(self.get_url(".edit", title_id=title_id) + "#images")

    @expose("/<int:title_id>/preview", methods=("POST",))
    def preview(self, title_id: int) -> Response:
        """Go to the title's page as visitors will see it, by a link that can be sent to a colleague."""
        title = queries.title(db.session(), current_user, title_id)
        locale = request.form.get("locale", "")
        return redirect(url_for("catalog.preview", token=preview_token(title.id), locale=(
            locale if locale in self.locales() else self.locales()[0])))

    @staticmethod
    def locales() -> tuple[str, ...]:
        """Return the site's locales."""
        locales: tuple[str, ...] = current_app.extensions["moviepoint.settings"].locales
        return locales

    @staticmethod
    def written(locales: tuple[str, ...]) -> tuple[str, ...]:
        """Return the locales in which the present user writes."""
        return tuple(locale for locale in locales if current_user.may(policies.EDIT, locale=locale, own=True))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Invalid(_("The page was damaged on its way. Go back and try again."))
    return value


def _per_cent(name: str) -> int:
    text = request.form.get(name, "50")
    return min(100, int(text)) if text.isascii() and text.isdigit() and len(text) < 4 else 50
