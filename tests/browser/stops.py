"""Where a walk over every page stops: each page by its endpoint, and what is no page, with the reason."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .world import HAXAN, LONG, METROPOLIS, SERIES, World

API, THIRD = "/api/", "the API's reader is not ours; test_pages looks at what it asks for"
READY = "[data-player][data-state=ready]"


@dataclass(frozen=True)
class Stop:
    """One look at a page: by whom, with what in its address, what it answers; `form` is sent, empty, before the look.

    `ready` is waited for.
    """

    who: str = ""  # a name in `World.cookies`; empty for a visitor
    values: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    status: int = 200
    form: str = ""
    ready: str = ""


def at(who: str = "", query: str = "", status: int = 200, form: str = "", ready: str = "", **values: Any) -> Stop:
    return Stop(who, values, query, status, form, ready)


Stops = Mapping[str, Sequence[Stop]]


def site_stops(world: World) -> Stops:
    """Return the site's pages by endpoint."""
    return catalogue(world) | account(world) | signing_in(world) | taking_part(world)


def catalogue(world: World) -> dict[str, list[Stop]]:
    ids = world.ids
    return {
        "pages.home": [at(), at("walker")],
        "pages.static_page": [at(slug="about")],
        "catalog.films": [at()], "catalog.all_series": [at()],
        "catalog.film": [at(slug=METROPOLIS), at(slug=LONG), at("walker", slug=HAXAN), at(slug="nothing", status=404)],
        "catalog.series": [at(slug=SERIES), at("walker", slug=SERIES)],
        "catalog.season": [at(slug=SERIES, number=2)],
        "catalog.episode": [at(slug=SERIES, number=1, episode=3)],
        "catalog.person": [at(slug="fritz-lang")],
        "catalog.genre": [at(slug="horror")],
        "catalog.collections": [at()], "catalog.collection": [at(slug="cities")],
        "catalog.companies": [at()], "catalog.company": [at(slug="studio", query="role=production&order=-year")],
        "catalog.preview": [at(token=ids["preview"])],
        "search.search": [at(), at(query="q=metropolis"), at(query="q=zeppelins")],
        "search_lines.lines": [at(), at(query="q=cue"), at(query="q=zeppelins"),
                               at(query="q=x&subtitle_language=klingonish", status=422)],
        "watch.watch": [at(edition=ids["edition"], ready=READY), at(edition=ids["episode_edition"], ready=READY)],
        "embed.embed": [at(edition=ids["edition"], ready=READY), at(edition=ids["not_embeddable"], status=403)],
        "app_shell.offline_page": [at()],
        "fail": [at(status=status, code=status) for status in (403, 429, 500)],
    }


def account(world: World) -> dict[str, list[Stop]]:
    ids = world.ids
    return {
        "account.security": [at("walker"), at("newcomer")],
        "tokens.index": [at("walker"), at("walker", form="main form")],
        "notices.edit": [at("walker")], "notice_stop.stop": [at(token=ids["stop"])],
        "invitation.accept": [at(token=ids["invitation"]), at("walker", token=ids["invitation"]),
                              at(token="wrong", status=404)],
        "security.change_password": [at("walker"), at("walker", form="main form")],
        "security.verify": [at("walker")],
        "security.two_factor_setup": [at("walker"), at("newcomer", form="main form")],
        "security.wan_register": [at("walker"), at("newcomer")],
        "security.wan_verify": [at("walker")],
        "security.mf_recovery_codes": [at("walker"), at("newcomer", form="main form")],
    }


def signing_in(world: World) -> dict[str, list[Stop]]:
    return {
        "security.login": [at(), at(form="main form")],
        "security.register": [at(), at(form="main form")],
        "security.forgot_password": [at(), at(form="main form")],
        "security.reset_password": [at(token=world.ids["reset"]), at(token=world.ids["reset"], form="main form")],
        "security.send_confirmation": [at(), at(form="main form")],
        "security.wan_signin": [at(), at("half")],
        "security.tf_select": [at("half")],
        "security.two_factor_token_validation": [at("half"), at("half", form="main form")],
        "security.mf_recovery": [at("half")],
    }


def taking_part(world: World) -> dict[str, list[Stop]]:
    ids = world.ids
    return {
        "members.member": [at(handle=ids["handle"]), at("walker", handle=ids["new_handle"])],
        "members.part": [at(handle=ids["handle"], part=part) for part in ("ratings", "diary", "lists", "reviews")],
        "member_lists.show": [at(list_id=ids["list"]), at("newcomer", list_id=ids["empty_list"])],
        "own_lists.index": [at("walker"), at("newcomer"), at("walker", form="main form")],
        "own_lists.edit": [at("walker", list_id=ids["list"]), at("newcomer", list_id=ids["empty_list"])],
        "own_lists.keep": [at("walker", title_id=ids["film"])],
        "diary.new": [at("walker", title_id=ids["film"])], "diary.edit": [at("walker", entry_id=ids["entry"])],
        "own_profile.edit": [at("walker")],
        "own_profile.news": [at("walker"), at("newcomer")],
        "reviews.of_title": [at(title_id=ids["reviewed"]), at("newcomer", title_id=ids["unreviewed"])],
        "reviews.show": [at(review_id=ids["foreign_review"]), at("walker", review_id=ids["review"])],
        "reviews.write": [at("walker", title_id=ids["film"]), at("newcomer", title_id=ids["film"], form="main form")],
        "reviews.report": [at("newcomer", review_id=ids["foreign_review"])],
        "contributions.index": [at("walker"), at("newcomer")],
        "contributions.new": [at("walker"), at("walker", form="main form")],
        "contributions.edit": [at("walker", contribution_id=ids[f"contribution_{state}"])
                               for state in ("draft", "waiting", "rejected", "approved")],
        "my_data.index": [at("walker"), at("newcomer")],
        "my_data.imported": [at("walker", import_id=ids["import"])],
    }


def office_stops(world: World) -> Stops:
    """Return the back office's pages by endpoint."""
    ids = world.ids
    found = {
        "admin.index": [at()], "find.index": [at(query="q=met"), at(query="q=zeppelins")],
        "titles.index": [at(), at(query="bin=1"), at(query="q=zeppelins")],
        "titles.new": [at(), at(form="form#title, main form")],
        "titles.edit": [at(title_id=ids["film"]), at(title_id=ids["series"])],
        "titles.season": [at(title_id=ids["series"], number=1)], "titles.run": [at(run_id=ids["run"])],
        "people.index": [at()], "people.new": [at()], "people.edit": [at(person_id=ids["person"])],
        "collections.index": [at()], "collections.new": [at()], "collections.edit": [at(collection_id=1)],
        "genres.index": [at()], "genres.edit": [at(term_id=1)],
        "keywords.index": [at()], "keywords.edit": [at(term_id=ids["keyword"])],
        "companies.index": [at()], "companies.edit": [at(term_id=ids["company"])],
        "media_jobs.index": [at()], "media_jobs.detail": [at(job_id=ids["job"])],
        "media_editions.detail": [at(edition_id=ids["edition_id"], ready=READY)],
        "media_editions.letters": [at(edition_id=ids["edition_id"], track_id=ids["letters"])],
        "media_profiles.index": [at()], "media_profiles.create": [at()], "media_profiles.edit": [at(slug="small")],
        "history.index": [at()], "history.entity": [at(entity="title", entity_id=ids["film"])],
        "history.revision": [at(revision_id=ids["revision"])],
        "home_rows.index": [at()], "menus.index": [at()],
        "static_pages.index": [at()], "static_pages.new": [at()], "static_pages.edit": [at(slug="about")],
        "moderated_reviews.index": [at()], "sent_films.index": [at()],
        "users.index": [at()], "users.edit": [at(user_id=ids["user"])],
        "invitations.index": [at()], "roles.index": [at()],
        "transfers.index": [at()], "transfers.detail": [at(transfer_id=ids["transfer"])],
        "kodi_library.index": [at()], "kodi_library.detail": [at(scan_id=ids["scan"])],
    }
    return {name: [Stop("boss", stop.values, stop.query, stop.status, stop.form, stop.ready) for stop in stops]
            for name, stops in found.items()}


FILE, LEADS, DATA = "a file, or a piece of one", "leads to another page", "data for a script"
#: Endpoints that answer a GET with anything but a page of their own.
NO_PAGES = {
    "axe": FILE, "assets": FILE, "admin.static": FILE, "security.static": FILE, "catalog_files.image": FILE,
    "catalog_files.crop": FILE, "media_files.part": FILE, "media_files.open_to_all": FILE, "media_stills.still": FILE,
    "media_editions.source_file": FILE, "transfers.file": FILE, "my_data.export": FILE, "my_data.everything": FILE,
    "feeds.titles": FILE, "feeds.genre": FILE, "feeds.reviews": FILE, "discovery.robots": FILE,
    "discovery.sitemap": FILE, "discovery.part": FILE, "discovery.service_worker": FILE,
    "app_shell.web_manifest": FILE, "system.health": FILE,
    "search.suggest": DATA, "embed.oembed": DATA, "find.answers": DATA, "find.one": DATA,
    "openid_return.callback": "leads on; what it says of faults is looked at with the providers (test_openid.py)",
    "media_jobs.now": "a piece of the dashboard, which shows it",
    "system.root": LEADS, "system.choose_language": LEADS, "own_profile.me": LEADS, "own_lists.watchlist": LEADS,
    "media_editions.index": LEADS, "titles.season_by_id": LEADS, "titles.episode": LEADS,
    "security.confirm_email": LEADS,
    "security.two_factor_rescue": "of those who have no app: not offered here",
    "security.wan_delete": "answers a form of security.wan_register",
}
