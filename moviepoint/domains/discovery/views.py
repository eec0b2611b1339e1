"""Addresses that machines ask for: robots.txt, sitemaps, the manifest, the service worker and its offline page."""
from __future__ import annotations

import re
import time

from flask import Blueprint, Response, current_app, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.discovery import manifest, offline, sitemaps
from moviepoint.domains.discovery.contexts import OfflinePage
from moviepoint.kernel.errors import NotFound
from moviepoint.kernel.files import current_storage
from moviepoint.kernel.tasks import enqueue
from moviepoint.shells.site import render_page

pages = Blueprint("discovery", __name__)
localised = Blueprint("app_shell", __name__)
MINUTES = 60
KEEP = 300  # seconds
ASKED = "moviepoint.sitemaps_asked"  # until when the worker is not asked again
ROBOTS = "discovery/robots.txt"
CLOSED = "noindex, nofollow"


@pages.get("/robots.txt")
def robots() -> Response:
    """Say what crawlers may fetch, and where the sitemap is."""
    settings = site_settings()
    text = render_template(ROBOTS, open=settings.search_engines, locales=settings.locales,
                           sitemap=f"{settings.base_url.rstrip('/')}{url_for('.sitemap')}")
    response = Response(text, mimetype="text/plain")
    response.cache_control.public, response.cache_control.max_age = True, KEEP
    return response


@pages.get("/sitemap.xml")
def sitemap() -> BaseResponse:
    """Send the index of sitemaps; where none is written yet, ask for it and say when to come again."""
    if site_settings().search_engines and not current_storage().exists(sitemaps.INDEX):
        if time.monotonic() > current_app.extensions.get(ASKED, 0.0):  # not once for each crawler that asks
            current_app.extensions[ASKED] = time.monotonic() + 10 * MINUTES
            enqueue(sitemaps.WRITE)
        return Response("The sitemap is being written.\n", 503, mimetype="text/plain",
                        headers={"Retry-After": str(2 * MINUTES)})
    return _written(sitemaps.INDEX)


@pages.get("/sitemaps/<folder>/<name>.xml")
def part(folder: str, name: str) -> BaseResponse:
    """Send a part of the sitemap."""
    if not re.fullmatch(r"[0-9T]{10,30}", folder, re.ASCII) or not re.fullmatch(r"[\w-]{1,80}", name, re.ASCII):
        raise NotFound()
    return _written(f"{sitemaps.FOLDER}/{folder}/{name}.xml")


def _written(key: str) -> BaseResponse:
    storage = current_storage()
    if not site_settings().search_engines or not storage.exists(key):
        raise NotFound()
    return send_file(storage.path(key), mimetype="application/xml", conditional=True, max_age=KEEP)


@pages.get("/sw.js")
def service_worker() -> BaseResponse:
    """Send the service worker; switched off, one that clears up after itself and goes."""
    response = Response(offline.worker(current_app), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.cache_control.no_cache = True
    response.add_etag()
    return response.make_conditional(request)


@localised.get("/offline")
def offline_page() -> Response:
    """Show what browsers keep for the time without a network."""
    return render_page("site/offline.html", OfflinePage(url_for("pages.home")))


@localised.get("/app.webmanifest")
def web_manifest() -> Response:
    """Describe the site as an app to install, in the language of the address and the colours of the theme."""
    response = Response(manifest.written(), mimetype="application/manifest+json")
    response.cache_control.public, response.cache_control.max_age = True, KEEP
    return response


@pages.after_app_request
def close(response: Response) -> Response:
    """Keep a closed site out of search engines, whatever is asked for; one's own pages and the office always."""
    own = request.path.startswith(("/admin/", "/api/")) or re.match(r"/[\w-]+/account(/|$)", request.path)
    if not site_settings().search_engines:
        response.headers["X-Robots-Tag"] = CLOSED
    elif own:
        response.headers.setdefault("X-Robots-Tag", "noindex")
    return response


