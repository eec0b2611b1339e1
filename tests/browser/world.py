"""A site in which every page has something to show, and the people who may see it."""
from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint
from moviepoint.domains.accounts import invitations
from moviepoint.domains.accounts.models import User
from moviepoint.domains.accounts.notice_mail import stop_token
from moviepoint.domains.accounts.services import create_user
from moviepoint.domains.accounts.sessions import begin
from moviepoint.domains.accounts.signin_models import Passkey
from moviepoint.domains.catalog import services
from moviepoint.domains.catalog.models import BulkRun, Company, Keyword, Person, Title
from moviepoint.domains.catalog.preview import preview_token
from moviepoint.domains.catalog.schemas import CollectionInput, CompanyInput, TermInput, TitleInput
from moviepoint.domains.community import tasks as community_tasks
from moviepoint.domains.community.schemas.contributions import ContributionInput
from moviepoint.domains.community.schemas.lists import DiaryInput, ListInput
from moviepoint.domains.community.schemas.reviews import ReportInput, ReviewInput
from moviepoint.domains.community.services import contributions, diary, imports, lists, profiles, reviews
from moviepoint.domains.community.services.announcements import EPISODES
from moviepoint.domains.history.models import Revision
from moviepoint.domains.media import services as media
from moviepoint.domains.media import watch_rules
from moviepoint.domains.media.encoding import sidecars
from moviepoint.domains.media.models import SourceAsset, Storyboard, SubtitleTrack
from moviepoint.domains.media.profiles import ProfileInput
from moviepoint.domains.media.profiles import save as save_profile
from moviepoint.domains.pages.schemas import StaticPageInput
from moviepoint.domains.pages.services import save_page
from moviepoint.domains.search import tasks as search_tasks
from moviepoint.domains.search.spoken import tasks as spoken_tasks
from moviepoint.domains.transfer import services as transfer
from moviepoint.domains.transfer import tasks as transfer_tasks
from moviepoint.kernel.db import Base, db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from moviepoint.kernel.validation import convert
from moviepoint.shells.admin.content import content_type

from .films import add_edition, add_storyboard, make_package
from .samples import fill

METROPOLIS, HAXAN, NOSFERATU = "metropolis-1927", "haxan-1922", "nosferatu-eine-symphonie-des-grauens-1922"
LONG = "neobychainye-prikliucheniia-mistera-vesta-v-strane-bolshevikov-1924"
SERIES = "les-vampires-1915"
PACKAGE = "packages/world"
IMDB = ("Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,"
        "Num Votes,Release Date,Directors\n"
        "tt0017136,9,2024-01-02,Metropolis,Metropolis,https://www.imdb.com/title/tt0017136,Movie,8.3,153,1927,Drama,"
        "1,1927-01-10,Fritz Lang\n"
        "tt9999999,4,2024-01-02,Nothing,Nothing,https://www.imdb.com/title/tt9999999,Movie,8.3,153,1901,,1,,\n")
TABLE = ("kind,slug,original_title,year,genres,name@ru,overview@ru\n"
         "film,metropolis-1927,Metropolis,1926,drama,Метрополис,В городе будущего рабочие восстают.\n"
         "film,stachka-1925,Стачка,1925,,Стачка,Частнопредпринимательская несправедливость.\n"
         "film,odd-one,Odd,soon,,,\nfilm,odd-two,Odd,1930,no-such-genre,,\n")
TEXT = "## Why\n\nBecause **films** are for [everybody](https://example.org).\n\n- one\n- two\n\n> A word.\n"


@dataclass
class World:
    """What pages are asked for by (ids, slugs, tokens), and what each kind of visitor has in the session cookie."""

    ids: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


def make_world(app: MoviePoint, ffmpeg: str) -> World:
    """Fill a migrated, empty database; call it inside an app context."""
    world, storage = World(), app.extensions["moviepoint.storage"]
    folder = Path(storage.path(PACKAGE))
    make_package(ffmpeg, folder)
    add_storyboard(ffmpeg, folder)
    with unit_of_work() as session:
        fill(session, storage)
        users = people(session, world, app)
        catalogue(session, world)
        films(session, world)
        taking_part(session, world, users, storage)
        office(session, world, users, storage)
    community_tasks.bring_in(world.ids["import"])
    transfer_tasks.work(world.ids["transfer"])
    search_tasks.rebuild()
    spoken_tasks.rebuild()
    with unit_of_work() as session:
        world.ids["revision"] = session.scalars(select(Revision.id).where(
            Revision.entity == "title", Revision.document.is_not(None)).order_by(Revision.id)).first()
        entered = session.scalars(select(User).where(User.email == "walker@example.org")).one()
        with app.test_request_context("/en/"):
            world.ids["reset"] = generate_reset_password_token(entered)
            world.ids["stop"] = stop_token(entered.id, EPISODES)
            world.ids["preview"] = preview_token(title(session, "a-draft-1930").id)
    db.session.remove()
    return world


def title(session: Session, slug: str) -> Title:
    return session.scalars(select(Title).where(Title.slug == slug)).one()


def people(session: Session, world: World, app: MoviePoint) -> dict[str, User]:
    """Make a member, a newcomer, somebody between the two steps of signing in, a guest of honour, and the boss."""
    users = {name: create_user(session, f"{name}@example.org", "!", [role], shown) for name, role, shown in (
        ("walker", "member", "Asta Nielsen"), ("newcomer", "member", ""), ("half", "member", "Half"),
        ("other", "member", "Somebody Else"), ("boss", "administrator", "The Boss"))}
    half = users["half"]
    half.tf_primary_method = "authenticator"
    half.tf_totp_secret = app.extensions["security"]._totp_factory.generate_totp_secret()
    for owner, usage in ((half, "secondary"), (users["walker"], "first")):
        owner.webauthn.append(Passkey(name="Blue key", credential_id=owner.email.encode(), public_key=b"-",
                                      device_type="single_device", usage=usage))
    users["walker"].mf_recovery_codes = ["a", "b"]
    session.flush()
    signed = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    for name in ("walker", "newcomer", "boss"):
        _row, token = begin(session, users[name], address="192.0.2.1", user_agent="Mozilla/5.0 (X11) Firefox/140.0")
        world.cookies[name] = signed.dumps({"_user_id": token, "_fresh": True, "fs_paa": time.time(), "fs_cc": "set"})
    world.cookies["half"] = signed.dumps({"tf_user_id": half.fs_uniquifier, "tf_state": "ready", "tf_select": True,
                                          "half_since": time.time()})
    invited = invitations.invite(session, SYSTEM, ("en", "ru"), "guest@example.org", ["editor"], locale="en")
    world.ids["invitation"] = "a secret of the test"
    invited.token_hash = invitations.hashed(world.ids["invitation"])
    world.ids["user"] = users["walker"].id
    return users


def catalogue(session: Session, world: World) -> None:
    """Put titles into a collection, give one a company and a keyword, and write a page of text."""
    services.save_collection(session, SYSTEM, convert(CollectionInput, {
        "slug": "cities", "titles": [HAXAN, METROPOLIS, SERIES], "texts": {
            "en": {"name": "Unconditionally electrified Weltstadtgeschichten", "overview": "Cities. " * 40},
            "ru": {"name": "Высокоэлектрифицированные города"}}}))
    services.save_collection(session, SYSTEM, convert(CollectionInput, {
        "slug": "alone", "titles": ["sherlock-jr-1924"], "texts": {"en": {"name": "One without a poster"}}}))
    services.save_term(session, SYSTEM, Company, convert(CompanyInput, {
        "slug": "studio", "country": "SE", "names": {"en": "Svensk Filmindustri"}}))
    services.save_term(session, SYSTEM, Keyword, convert(TermInput, {"slug": "witches", "names": {"en": "Witches"}}))
    services.save_title(session, SYSTEM, convert(TitleInput, {
        "keywords": ["witches"],
        "companies": [{"company": "studio", "role": role} for role in ("production", "distribution")]}),
        title(session, HAXAN).id)
    save_page(session, SYSTEM, convert(StaticPageInput, {
        "slug": "about", "status": "published", "texts": {"en": {"name": "About us", "body": TEXT}}}))
    rows = {"company": Company, "keyword": Keyword, "person": Person}
    world.ids |= {name: session.scalars(select(model.id)).first() for name, model in rows.items()}
    world.ids |= {"film": title(session, METROPOLIS).id, "other_film": title(session, HAXAN).id,
                  "series": title(session, SERIES).id, "season": title(session, SERIES).seasons[0].id}


def films(session: Session, world: World) -> None:
    """Give a film that may be embedded, one that may not, and an episode something to watch; begin to encode."""
    shown = add_edition(session, slug=NOSFERATU, package=PACKAGE)
    shown.storyboard = Storyboard(interval_ms=5000, width=160, height=90)
    watch_rules.save_rule(session, SYSTEM, shown, whole=False, audience="public", embeddable=True)
    kept = add_edition(session, slug=METROPOLIS, package=PACKAGE)
    episode = add_edition(session, series=SERIES, package=PACKAGE)
    source = SourceAsset(edition_id=shown.id, key="uploads/none", filename="nosferatu.mkv", size=9_000_000)
    session.add(source)
    session.flush()
    job = media.start_job(session, SYSTEM, source.id)
    job.steps[0].progress, job.steps[0].state = .4, "running"
    world.ids |= {"edition": shown.public_id, "not_embeddable": kept.public_id, "episode_edition": episode.public_id,
                  "edition_id": shown.id, "job": job.id}


def taking_part(session: Session, world: World, users: Mapping[str, User], storage: Any) -> None:
    """Write a member's lists, diary, reviews, films and imports, and a review of somebody else's."""
    walker, other = users["walker"], users["other"]
    ids = session.scalars(select(Title.id).where(Title.status == "published").order_by(Title.id)).all()
    machines = lists.save_list(session, walker, ListInput(name="Machines", about="Cogs.", public=True, ranked=True))
    for title_id in ids[:4]:
        lists.add(session, walker, machines.id, title_id, "A note.")
        entry = diary.log(session, walker, DiaryInput(title_id=title_id, rating=7, tags=["silent"]))
    own = reviews.save_review(session, walker, ids[0], ReviewInput(text="The *moon*.", spoiler=True), "en")
    foreign = reviews.save_review(session, other, ids[0], ReviewInput(text="Paper, and *stars*."), "en")
    reviews.report(session, walker, foreign.id, ReportInput(reason="spam", note="It sells stars."))
    profiles.ensure_profile(session, other)
    profiles.follow_member(session, walker, profiles.ensure_profile(session, other).handle)
    world.ids |= {"list": machines.id, "empty_list": lists.watchlist(session, users["newcomer"]).id, "entry": entry.id,
                  "review": own.id, "foreign_review": foreign.id, "reviewed": ids[0],
                  "unreviewed": ids[2], "handle": profiles.ensure_profile(session, walker).handle,
                  "new_handle": profiles.ensure_profile(session, users["newcomer"]).handle}
    for state in ("draft", "waiting", "rejected", "approved"):
        sent = contributions.begin(session, walker, convert(ContributionInput, {
            "name": f"My street, {state}", "overview": "A street.", "rights": "own"}))
        sent.state, sent.reason = state, "The sound is missing." if state == "rejected" else ""
        world.ids[f"contribution_{state}"] = sent.id
    session.flush()
    world.ids["import"] = imports.start(session, walker, storage, "imdb", "ratings.csv", IMDB.encode()).id


def office(session: Session, world: World, users: Mapping[str, User], storage: Any) -> None:
    """Leave on the editors' desks what they have to look at."""
    letters(session, world, storage)
    boss = users["boss"]
    run = BulkRun(actor_id=boss.id, verb="publish", title_ids=[1, 2], total=2, done=2, changed=1, refused=1,
                  refusals=[[2, "It has no name."]], state="done")
    session.add(run)
    brought = transfer.start_import(session, boss, storage, content_type("title"), TABLE.encode(),
                                    file_name="films.csv", in_place=True)
    save_profile(session, SYSTEM, convert(ProfileInput, {
        "slug": "small", "name": "Small", "rungs": [{"lines": 360, "max_kbps": 800, "crf": 23}]}))
    tables = Base.metadata.tables
    scan = session.execute(tables["kodi_library_scans"].insert().values(
        folder="/films", locale="en", state="ready", total=1, seen=1)).inserted_primary_key[0]  # type: ignore[index]
    session.execute(tables["kodi_library_items"].insert().values(
        scan_id=scan, path="Metropolis (1927)", label="Metropolis", found={}, verdict="new", files=["metropolis.mkv"],
        notes=["A note."], faults=[], changes=[]))
    session.flush()
    world.ids |= {"run": run.id, "transfer": brought.id, "scan": scan}


def letters(session: Session, world: World, storage: Any) -> None:
    """Give a film subtitles whose letters are a guess."""
    probe = {"container": "text", "size": 60, "duration_ms": 0, "claimed_ms": 0, "bit_rate": 0}
    source = SourceAsset(edition_id=world.ids["edition_id"], key="uploads/letters", filename="nosferatu.ru.srt",
                         size=60, intent={"use": "subtitles"}, probe=probe)
    session.add(source)
    session.flush()
    storage.put(source.key, "1\n00:00:01,000 --> 00:00:02,000\nКто здесь?\n".encode("koi8-r"))
    origin = {"stream": None, "letters": {"encoding": "koi8-r", "sure": False, "shown": True, "default": False}}
    row = SubtitleTrack(edition_id=world.ids["edition_id"], path="subs_ru-j9", language="ru", hidden=True,
                        origin=origin, note=sidecars.guess("koi8-r"), source_format="srt",
                        source_id=source.id, position=9)
    session.add(row)
    session.flush()
    world.ids["letters"] = row.id
