"""Genres, keywords and companies in the back office: all of a kind on one screen, written as a table."""
from __future__ import annotations

from math import ceil
from typing import Any

from flask import Response as FlaskResponse
from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.models import Company, Genre, Keyword
from moviepoint.domains.catalog.schemas import CompanyInput, TermInput
from moviepoint.domains.catalog.services.terms import entity_of
from moviepoint.domains.history.queries import of_entity
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.forms import parse, rows
from moviepoint.shells.admin.frame import View

BLANKS = 3
PAGE_SIZE = 100


class TermsView(View):
    """A table of terms by locale, with how many titles use each."""

    permission = "catalog.edit"
    model: type[Any]
    has_country = False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show and save a page of terms at once, with room for new ones."""
        return self._page(None)

    @expose("/<int:term_id>")
    def edit(self, term_id: int) -> Any:
        """Show one term, as history and search name it."""
        return self._page(term_id)

    def _page(self, term_id: int | None) -> Any:
        locales = current_app.extensions["moviepoint.settings"].locales
        if request.method == "POST":
            with self.saving(_("Saved.")) as session:
                for row in rows(request.form, "terms"):
                    self._save(session, row, locales)
            if self.failure is None:
                return redirect(self.get_url(".index", **request.args.to_dict()))
            shown = [{"id": row.get("id", ""), "slug": row.get("slug", ""), "country": row.get("country", ""),
                      "names": [row.get(f"name_{place}", "") for place in range(len(locales))]}
                     for row in rows(request.form, "terms")]
            total = len(shown)
        else:
            shown, total = self._stored(term_id, locales)
        blank = {"id": "", "slug": "", "country": "", "names": [""] * len(locales), "uses": None}
        number = queries.page_number(request.args.get("page"))
        page = self.render(
            "catalog/admin/terms.html", locales=locales, rows=shown + [blank] * BLANKS, total=total,
            has_country=self.has_country, name=request.args.get("name", ""), page=number,
            pages=ceil(total / PAGE_SIZE),
            address=lambda n: self.get_url(".index", **(request.args.to_dict() | {"page": n})))
        return FlaskResponse(page, status=self.failure.status if request.method == "POST" and self.failure else 200)

    def _stored(self, term_id: int | None, locales: tuple[str, ...]) -> tuple[list[dict[str, Any]], int]:
        found, total = queries.terms(
            db.session(), self.model, request.args.get("name", "").strip()[:100], term_id,
            queries.page_number(request.args.get("page")), PAGE_SIZE)
        shown = []
        for term, uses in found:
            names = {text.locale: text.name for text in term.texts}
            shown.append({"id": term.id, "slug": term.slug, "country": getattr(term, "country", ""), "uses": uses,
                          "names": [names.get(locale, "") for locale in locales]})
        return shown, total

    def _save(self, session: Any, row: dict[str, str], locales: tuple[str, ...]) -> None:
        values: dict[str, Any] = {"names": {
            locale: row[f"name_{place}"] for place, locale in enumerate(locales) if row.get(f"name_{place}")}}
        if row.get("slug"):
            values["slug"] = row["slug"]
        if self.has_country:
            values["country"] = row.get("country", "").upper()
        services.save_term(session, current_user, self.model,
                           parse(CompanyInput if self.has_country else TermInput, values),
                           int(row["id"]) if row.get("id", "").isdigit() else None)

    @expose("/<int:term_id>/delete", methods=("POST",))
    def delete(self, term_id: int) -> Response:
        """Delete a term that no title uses."""
        with self.saving() as session:
            services.delete_term(session, current_user, self.model, term_id)
        if self.failure is None:
            self.offer_undo(_("Deleted."), of_entity(db.session(), entity_of(self.model), term_id, 1)[0].id)
        return redirect(self.get_url(".index"))


class GenresView(TermsView):
    """Genres."""

    model = Genre

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Genres"), endpoint="genres", url="genres")


class KeywordsView(TermsView):
    """Keywords."""

    model = Keyword

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Keywords"), endpoint="keywords", url="keywords")


class CompaniesView(TermsView):
    """Studios, distributors, broadcasters."""

    model = Company
    has_country = True

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Companies"), endpoint="companies", url="companies")
