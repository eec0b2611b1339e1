"""The home page and static pages for sitemaps."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from moviepoint.domains.catalog.seo import spoken_among, written_in
from moviepoint.domains.pages import queries
from moviepoint.hooks.types import SitemapPage, SitemapSource
from moviepoint.shells.site.addresses import path_of


def site_pages(session: Session, locales: Sequence[str]) -> Iterator[SitemapPage]:
    """Yield the home page and all published static pages."""
    yield SitemapPage({locale: path_of("pages.home", locale=locale) for locale in locales})
    for page in queries.static_pages(session):
        if page.status == "published":
            spoken = spoken_among(locales, written_in(*page.texts))
            yield SitemapPage({locale: path_of("pages.static_page", locale=locale, slug=page.slug)
                               for locale in spoken}, max([page.updated_at, *(text.updated_at for text in page.texts)]))


SOURCE = SitemapSource("pages", site_pages)
