"""From what a member writes to what readers see: a little Markdown, and nothing that could do anything."""
from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

TAGS = {"p", "br", "em", "strong", "blockquote", "ul", "ol", "li", "a", "code"}
_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(
    ["image", "heading", "lheading", "hr", "fence", "code", "reference", "html_block", "html_inline"])


def rendered(text: str) -> str:
    """Return Markdown as HTML of a few harmless elements; HTML in it stays text, links do not vouch for their goal."""
    return nh3.clean(_markdown.render(text), tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"},
                     link_rel="nofollow ugc noopener")
