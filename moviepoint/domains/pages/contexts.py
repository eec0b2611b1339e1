"""What the home page and static pages give to their templates."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from moviepoint.domains.catalog.contexts import Row, Seo, TitleView, Words


@dataclass(frozen=True, slots=True)
class HomePage:
    """`site/home.html`. `hero` is None on a site without films."""

    seo: Seo
    hero: TitleView | None
    rows: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class TextPage:
    """`site/page.html`: a static page. `body` is safe HTML in the language `lang`, empty when it is the page's own."""

    seo: Seo
    name: Words
    body: Markup
    lang: str = ""
