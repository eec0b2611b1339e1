"""Seasons and episodes in the back office: a season's episodes on one screen."""
from __future__ import annotations

from typing import Any

from flask import Response as FlaskResponse
from flask import redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.admin.episodes import episode_rows, episode_values
from moviepoint.domains.catalog.admin.title_form import TitleForm
from moviepoint.domains.catalog.models import Season
from moviepoint.domains.catalog.schemas import SeasonInput
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.shells.admin.forms import by_locale, parse

BLANK_EPISODES = 10
TEXTS = ("name", "overview")


class SeasonPages(TitleForm):
    """Adding, editing and deleting seasons and episodes of a series."""

    @expose("/<int:title_id>/seasons", methods=("POST",))
    def add_season(self, title_id: int) -> Response:
        """Add a season to a series."""
        number = 0
        with self.saving() as session:
            data = parse(SeasonInput, {"number": request.form.get("number", "")})
            number = services.save_season(session, current_user, title_id, data).number
        if self.failure:
            return redirect(self.get_url(".edit", title_id=title_id))
        return redirect(self.get_url(".season", title_id=title_id, number=number))

    @expose("/seasons/<int:season_id>")
    def season_by_id(self, season_id: int) -> Response:
        """Go to a season's page, as history and search name it."""
        season = services.find(db.session(), Season, season_id)
        return redirect(self.get_url(".season", title_id=season.title_id, number=season.number))

    @expose("/<int:title_id>/seasons/<int:number>", methods=("GET", "POST"))
    def season(self, title_id: int, number: int) -> Any:
        """Edit a season's texts and episodes on one screen, with room for ten more."""
        session, locales = db.session(), self.locales()
        found = queries.season(session, current_user, title_id, number)
        sent = None
        if request.method == "POST":
            season_id, sent = found.id, episode_rows(request.form, locales)
            with self.saving(_("Saved.")) as work:
                data = parse(SeasonInput, {"texts": by_locale(request.form, TEXTS, locales), "episodes": sent})
                services.save_season(work, current_user, title_id, data, season_id)
            if self.failure is None:
                return redirect(self.get_url(".season", title_id=title_id, number=number))
            found = queries.season(session, current_user, title_id, number)
        texts = {f"{field}:{text.locale}": getattr(text, field) for text in found.texts for field in TEXTS}
        page = self.render(
            "catalog/admin/season.html", season=found, rows=episode_values(found, sent, locales, BLANK_EPISODES),
            texts=request.form if sent is not None else texts, locales=locales, chain=reader().chain)
        return FlaskResponse(page, status=self.failure.status if sent is not None and self.failure else 200)

    @expose("/<int:title_id>/seasons/<int:number>/delete", methods=("POST",))
    def delete_season(self, title_id: int, number: int) -> Response:
        """Delete a season with its episodes."""
        with self.saving(_("Deleted.")) as session:
            found = queries.season(session, current_user, title_id, number)
            services.delete_season(session, current_user, found.id)
        return redirect(self.get_url(".edit", title_id=title_id))

    @expose("/<int:title_id>/seasons/<int:number>/episodes/<int:episode>", methods=("GET",))
    def episode(self, title_id: int, number: int, episode: int) -> Any:
        """Show one episode, with what media adds: its film."""
        found = queries.episode(db.session(), current_user, title_id, number, episode)
        return self.render("catalog/admin/episode.html", episode=found, season=found.season, chain=reader().chain)

    @expose("/<int:title_id>/seasons/<int:number>/episodes/<int:episode>/delete", methods=("POST",))
    def delete_episode(self, title_id: int, number: int, episode: int) -> Response:
        """Delete an episode."""
        with self.saving(_("Deleted.")) as session:
            found = queries.episode(session, current_user, title_id, number, episode)
            services.delete_episode(session, current_user, found.id)
        return redirect(self.get_url(".season", title_id=title_id, number=number))
