"""Collections in the back office."""
from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.models import Collection
from moviepoint.domains.catalog.schemas import CollectionInput
from moviepoint.domains.catalog.services.terms import slugs_of
from moviepoint.domains.catalog.texts import pick
from moviepoint.domains.catalog.words import reader
from moviepoint.domains.history.queries import of_entity
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.forms import by_locale, parse
from moviepoint.shells.admin.frame import View

TEXTS = ("name", "overview")


class CollectionsView(View):
    """List, make, edit and delete collections; titles are added from their own list too."""

    permission = "catalog.edit"

    commands = ((lazy_gettext("Make a collection"), ".new", {}),)

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Collections"), endpoint="collections", url="collections")

    @expose("/")
    def index(self) -> Any:
        """List all collections with the number of their titles."""
        return self.render("catalog/admin/collections.html", rows=queries.collections(db.session()), pick=pick,
                           chain=reader().chain)

    @expose("/new", methods=("GET", "POST"))
    def new(self) -> Any:
        """Make a collection."""
        return self._form(None)

    @expose("/<int:collection_id>", methods=("GET", "POST"))
    def edit(self, collection_id: int) -> Any:
        """Edit a collection: its texts, and its titles in their order."""
        return self._form(collection_id)

    def _form(self, collection_id: int | None) -> Any:
        locales, session = current_app.extensions["moviepoint.settings"].locales, db.session()
        errors: dict[str, list[str]] = {}
        values: dict[str, Any] = {}
        if request.method == "POST":
            saved_id, values = None, request.form.to_dict()
            with self.saving(_("Saved.")) as work:
                data: dict[str, Any] = {"texts": by_locale(request.form, TEXTS, locales),
                                        "titles": request.form.get("titles", "").split()}
                if request.form.get("slug"):
                    data["slug"] = request.form["slug"].strip()
                saved_id = services.save_collection(work, current_user, parse(CollectionInput, data), collection_id).id
            if self.failure is None:
                return redirect(self.get_url(".edit", collection_id=saved_id))
            errors = self.failure.fields if isinstance(self.failure, Invalid) else {}
        collection = services.find(session, Collection, collection_id) if collection_id is not None else None
        if collection is not None and not values:
            values = {"slug": collection.slug, "titles": "\n".join(slugs_of(session, collection))}
            values |= {f"{field}:{text.locale}": getattr(text, field) for text in collection.texts for field in TEXTS}
        page = self.render("catalog/admin/collection.html", collection=collection, values=values, errors=errors,
                           locales=locales)
        return FlaskResponse(page, status=self.failure.status if request.method == "POST" and self.failure else 200)

    @expose("/<int:collection_id>/delete", methods=("POST",))
    def delete(self, collection_id: int) -> Response:
        """Delete a collection; its titles stay."""
        with self.saving() as session:
            services.delete_collection(session, current_user, collection_id)
        if self.failure is None:
            self.offer_undo(_("Deleted."), of_entity(db.session(), "collection", collection_id, 1)[0].id)
        return redirect(self.get_url(".index"))
