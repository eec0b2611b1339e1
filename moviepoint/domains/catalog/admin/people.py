"""People in the back office."""
from __future__ import annotations

from math import ceil
from typing import Any

from flask import Response as FlaskResponse
from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.models import Person
from moviepoint.domains.catalog.schemas import PersonInput
from moviepoint.domains.history.queries import of_entity
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.forms import by_locale, number_or_none, parse, rows
from moviepoint.shells.admin.frame import View

PAGE_SIZE = 50
TEXTS = ("name", "biography")


class PeopleView(View):
    """List, enter, edit and delete people."""

    permission = "catalog.edit"

    commands = ((lazy_gettext("Enter a person"), ".new", {}),)

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("People"), endpoint="people", url="people")

    @expose("/")
    def index(self) -> Any:
        """List people by name."""
        session = db.session()
        name = request.args.get("name", "").strip()[:200]
        page = queries.page_number(request.args.get("page"))
        statement = queries.people(current_user, name)
        total = session.scalar(select(func.count()).select_from(
            statement.order_by(None).with_only_columns(Person.id).subquery())) or 0
        rows = session.scalars(statement.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
        return self.render("catalog/admin/people.html", rows=rows, total=total, name=name, page=page,
                           pages=ceil(total / PAGE_SIZE),
                           address=lambda n: self.get_url(".index", **(request.args.to_dict() | {"page": n})))

    @expose("/new", methods=("GET", "POST"))
    def new(self) -> Any:
        """Enter a person."""
        return self._form(None)

    @expose("/<int:person_id>", methods=("GET", "POST"))
    def edit(self, person_id: int) -> Any:
        """Edit a person."""
        return self._form(person_id)

    def _form(self, person_id: int | None) -> Any:
        session = db.session()
        locales = current_app.extensions["moviepoint.settings"].locales
        errors: dict[str, list[str]] = {}
        if request.method == "POST":
            saved_id = None
            with self.saving(_("Saved.")) as work:
                data = parse(PersonInput, {
                    "name": request.form.get("name", "").strip(), "texts": by_locale(request.form, TEXTS, locales),
                    "birth_year": number_or_none(request.form.get("birth_year")),
                    "death_year": number_or_none(request.form.get("death_year")),
                    "external_ids": {row.get("scheme", "").lower(): row.get("value", "")
                                     for row in rows(request.form, "external_ids")},
                    **({"version": request.form["version"]} if request.form.get("version") else {})})
                saved_id = services.save_person(work, current_user, data, person_id).id
            if self.failure is None:
                return redirect(self.get_url(".edit", person_id=saved_id))
            errors = self.failure.fields if isinstance(self.failure, Invalid) else {}
        person = queries.person(session, current_user, person_id) if person_id is not None else None
        values: dict[str, Any] = {}
        if request.method == "POST":
            values = request.form.to_dict() | {"external_ids": rows(request.form, "external_ids")}
        elif person is not None:
            values = {"name": person.name, "birth_year": person.birth_year, "death_year": person.death_year,
                      "version": person.version,
                      "external_ids": [{"scheme": row.scheme, "value": row.value} for row in person.external_ids]}
            values |= {f"{field}:{text.locale}": getattr(text, field) for text in person.texts for field in TEXTS}
        page = self.render("catalog/admin/person.html", person=person, values=values, errors=errors, locales=locales)
        return FlaskResponse(page, status=self.failure.status if request.method == "POST" and self.failure else 200)

    @expose("/<int:person_id>/delete", methods=("POST",))
    def delete(self, person_id: int) -> Response:
        """Delete a person who is not credited any more."""
        with self.saving() as session:
            services.delete_person(session, current_user, person_id)
        if self.failure is None:
            self.offer_undo(_("Deleted."), of_entity(db.session(), "person", person_id, 1)[0].id)
        return redirect(self.get_url(".edit", person_id=person_id) if self.failure else self.get_url(".index"))
