"""The front door: everything a plugin may import from MoviePoint, and nothing else of it.

What stands here keeps its meaning within a major version; what lies behind may move. The core itself does
not use this module.
"""
from __future__ import annotations

from moviepoint import __version__
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notices import post as post_notice
from moviepoint.domains.accounts.viewer import current_viewer, in_person
from moviepoint.domains.catalog import queries as catalog
from moviepoint.domains.catalog.card_queries import placed
from moviepoint.domains.catalog.images import MAX_BYTES as MAX_PICTURE
from moviepoint.domains.catalog.images import add_image, delete_image
from moviepoint.domains.catalog.models import Episode, Genre, Image, Person, Season, Title, TitleText
from moviepoint.domains.catalog.seo import seo
from moviepoint.domains.catalog.texts import pick as pick_text
from moviepoint.domains.catalog.words import site_settings
from moviepoint.domains.community.queries.reviews import member_reviews
from moviepoint.domains.history import words as history_words
from moviepoint.domains.history.differences import differences
from moviepoint.domains.media.encoding.profiles import Hardware, Profile, RungSpec
from moviepoint.domains.media.local_files import take_file
from moviepoint.domains.media.uploads import ensure_edition
from moviepoint.domains.search import kit as search_kit
from moviepoint.hooks import hookimpl
from moviepoint.hooks.types import (
    AdminPanel,
    AdminView,
    ApiResource,
    Command,
    ContentType,
    EncodingProfile,
    Found,
    HomeRowKind,
    MenuLink,
    NavItem,
    NoticeKind,
    NoticeMail,
    Pages,
    Permission,
    RowOption,
    SearchDocument,
    SearchEngine,
    SearchFacet,
    SearchSource,
    SitemapPage,
    SitemapSource,
    SitemapVideo,
    SlotFill,
    Task,
    TitleFilter,
    TitleMatches,
)
from moviepoint.kernel.db import Base, UtcDateTime, db, rehearsal, unit_of_work, utcnow
from moviepoint.kernel.errors import Conflict, Forbidden, Invalid, MoviePointError, NotFound, TooMany, Unauthenticated
from moviepoint.kernel.files import Storage, current_storage
from moviepoint.kernel.i18n import current_locale, gettext, lazy_gettext, ngettext, use_locale
from moviepoint.kernel.leases import Lease, Stopped, abandoned, claim
from moviepoint.kernel.policies import SYSTEM, Actor, require
from moviepoint.kernel.tasks import enqueue, enqueue_after_commit
from moviepoint.kernel.text import country_code, country_name, language_name, normalise_language, slugify
from moviepoint.settings import Settings
from moviepoint.shells.admin.content import content_type, content_types
from moviepoint.shells.admin.frame import Guarded, View
from moviepoint.shells.api import Page, PageQuery, paged
from moviepoint.shells.api import blueprint as api_blueprint
from moviepoint.shells.api import spec as api_spec
from moviepoint.shells.api.language import in_language
from moviepoint.shells.site import render_page
from moviepoint.shells.site.addresses import address_of, path_of

__all__ = [
    "Actor", "AdminPanel", "AdminView", "ApiResource", "Base", "Command", "Conflict", "ContentType",
    "EncodingProfile", "Episode", "Forbidden", "Found", "Genre", "Guarded", "Hardware", "HomeRowKind", "Image",
    "Invalid", "Lease", "MAX_PICTURE", "MenuLink", "MoviePointError", "NavItem", "NotFound", "NoticeKind",
    "NoticeMail", "Page", "PageQuery", "Pages", "Permission", "Person", "Profile", "RowOption", "RungSpec", "SYSTEM",
    "SearchDocument", "SearchEngine", "SearchFacet", "SearchSource", "Season", "Settings", "SitemapPage",
    "SitemapSource", "SitemapVideo", "SlotFill", "Stopped", "Storage", "Task", "Title", "TitleFilter", "TitleMatches",
    "TitleText", "TooMany", "Unauthenticated", "User", "UtcDateTime", "View", "__version__", "abandoned", "add_image",
    "address_of", "api_blueprint", "api_spec", "catalog", "claim", "content_type", "content_types", "country_code",
    "country_name", "current_locale", "current_storage", "current_viewer", "db", "delete_image", "differences",
    "enqueue", "enqueue_after_commit", "ensure_edition", "gettext", "history_words", "hookimpl", "in_language",
    "in_person", "language_name", "lazy_gettext", "member_reviews", "ngettext", "normalise_language", "paged",
    "path_of", "pick_text", "placed", "post_notice", "rehearsal", "render_page", "require", "search_kit", "seo",
    "site_settings", "slugify", "take_file", "unit_of_work", "use_locale", "utcnow",
]
