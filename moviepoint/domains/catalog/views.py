"""The catalogue's public pages and its pictures."""
from __future__ import annotations

from flask import Blueprint, Response, current_app, g, request, send_file

from moviepoint.domains.accounts.viewer import current_viewer
from moviepoint.domains.catalog import page_queries, services
from moviepoint.domains.catalog.crops import crop_key
from moviepoint.domains.catalog.lists import list_page
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.pages import episode_page, person_page, season_page, title_page
from moviepoint.domains.catalog.preview import open_preview, previewed
from moviepoint.domains.catalog.shelf_queries import COLLECTION, COMPANY
from moviepoint.domains.catalog.shelves import shelf_page, shelves_page
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import SYSTEM
from moviepoint.shells.site import render_page
from moviepoint.theming.themes import EXTENSION as THEMING
from moviepoint.theming.themes import Theming

pages = Blueprint("catalog", __name__)
files = Blueprint("catalog_files", __name__)
YEAR = 365 * 86400


@pages.get("/films")
def films() -> Response:
    """All films."""
    return render_page("site/list.html", list_page(db.session(), reader(), kind="film"))


@pages.get("/series")
def all_series() -> Response:
    """All series."""
    return render_page("site/list.html", list_page(db.session(), reader(), kind="series"))


@pages.get("/films/<slug>")
def film(slug: str) -> Response:
    """A film."""
    return render_page("site/title.html", title_page(db.session(), current_viewer(), reader(), "film", slug))


@pages.get("/series/<slug>")
def series(slug: str) -> Response:
    """A series."""
    return render_page("site/title.html", title_page(db.session(), current_viewer(), reader(), "series", slug))


@pages.get("/preview/<token>")
def preview(token: str) -> Response:
    """What a title's page will be, in any language and theme, for whoever has the link; search engines stay away."""
    title = services.find(db.session(), Title, open_preview(token))
    theming: Theming = current_app.extensions[THEMING]
    with theming.showing(request.args.get("theme", "")):
        g.preview = token
        context = title_page(db.session(), SYSTEM, reader(), title.kind, title.slug)
        response = render_page("site/title.html", context)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@pages.get("/series/<slug>/season/<int:number>")
def season(slug: str, number: int) -> Response:
    """A season of a series."""
    return render_page("site/season.html", season_page(db.session(), current_viewer(), reader(), slug, number))


@pages.get("/series/<slug>/season/<int:number>/episode/<int:episode>")
def episode(slug: str, number: int, episode: int) -> Response:
    """An episode of a series."""
    context = episode_page(db.session(), current_viewer(), reader(), slug, number, episode)
    return render_page("site/episode.html", context)


@pages.get("/people/<slug>")
def person(slug: str) -> Response:
    """Somebody who made or played in a title."""
    return render_page("site/person.html", person_page(db.session(), reader(), slug))


@pages.get("/genres/<slug>")
def genre(slug: str) -> Response:
    """The titles of a genre."""
    return render_page("site/list.html", list_page(db.session(), reader(), genre_slug=slug))


@pages.get("/collections")
def collections() -> Response:
    """All collections that have something to show."""
    return render_page("site/shelves.html", shelves_page(db.session(), reader(), COLLECTION))


@pages.get("/companies")
def companies() -> Response:
    """All companies that have something to show."""
    return render_page("site/shelves.html", shelves_page(db.session(), reader(), COMPANY))


@pages.get("/collections/<slug>")
def collection(slug: str) -> Response:
    """A collection: titles that belong together, the earliest first."""
    return render_page("site/shelf.html", shelf_page(db.session(), reader(), COLLECTION, slug))


@pages.get("/companies/<slug>")
def company(slug: str) -> Response:
    """The titles that a company has made, distributed or broadcast."""
    return render_page("site/shelf.html", shelf_page(db.session(), reader(), COMPANY, slug))


@files.get("/images/<int:image_id>/<int:width>.webp")
def image(image_id: int, width: int) -> Response:
    """A picture in one of its widths, in pixels; of a draft only for those who see drafts."""
    found = _image(image_id)
    return _send(f"{found.key}/{width}.webp", found.public)


@files.get("/images/<int:image_id>/<any(card, wide):name>-<place>.webp")
def crop(image_id: int, name: str, place: str) -> Response:
    """A picture cut to a named shape around its focal point, which the address must name as it is stored."""
    found = _image(image_id)
    if place != f"{found.focal[0]}-{found.focal[1]}":
        raise NotFound()
    return _send(crop_key(_storage(), found.key, found.kind, name, found.focal), found.public)


def _image(image_id: int) -> page_queries.ImageFile:
    found = page_queries.image_for(db.session(), current_viewer(), image_id, previewed())
    if found is None:
        raise NotFound()
    return found


def _storage() -> Storage:
    storage: Storage = current_app.extensions["moviepoint.storage"]
    return storage


def _send(key: str, public: bool) -> Response:
    path = _storage().path(key)
    if not path.is_file():
        raise NotFound()
    response = send_file(path, mimetype="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if public else "private, no-store"
    return response
