"""Markdown to HTML that is safe to show: no HTML of the writer's own, and nothing but what a text needs."""
from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {"p", "br", "hr", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "strong", "em", "s", "code", "pre", "a",
        "table", "thead", "tbody", "tr", "th", "td"}
_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=256)
def to_html(text: str) -> Markup:
    """Return safe HTML. A heading of the first level becomes one of the second: the page has its own."""
    lowered = _parser.render(text).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    return Markup(nh3.clean(lowered, tags=TAGS, attributes={"a": {"href", "title"}, "ol": {"start"}},  # noqa: S704
                            url_schemes={"http", "https", "mailto"}, link_rel="noopener nofollow"))


def plain(text: str) -> str:
    """Return what a text says without its marks, for descriptions."""
    return to_html(text).striptags()
