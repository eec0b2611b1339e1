"""What the pages and slots of taking part give to their templates: a contract with those who make themes."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from moviepoint.domains.catalog.contexts import Card, Link, Pager, Picture, Seo
from moviepoint.domains.community.schemas.contributions import ContributionInfo
from moviepoint.domains.community.schemas.data import ImportInfo, ImportRowInfo


@dataclass(frozen=True, slots=True)
class Bar:
    """How many gave one value, and their part of the most given one, from 0 to 100."""

    value: int
    count: int
    share: int


@dataclass(frozen=True, slots=True)
class RatingBox:
    """A title's ratings: `mean` is empty without any, else "7.8"; `own` is the visitor's, 0 when there is none."""

    title_id: int
    mean: str
    votes: int
    bars: Sequence[Bar]
    own: int = 0
    open: bool = False  # whether this visitor may rate
    kept: bool = False  # whether it is on the visitor's watchlist
    followed: bool = False  # whether the visitor hears of its new episodes


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes part; `own` when it is the visitor, `followed` by the visitor."""

    handle: str
    name: str
    url: str
    about: str = ""
    since: datetime | None = None
    own: bool = False
    followed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a member's page: its name, where it is, and how much there is."""

    name: str
    label: str
    url: str
    count: int
    active: bool = False


@dataclass(frozen=True, slots=True)
class Rated:
    """A title with what a member gave it."""

    card: Card
    value: int


@dataclass(frozen=True, slots=True)
class Viewing:
    """An entry of a diary; `day` is None where they do not say when."""

    id: int
    card: Card
    day: date | None
    rewatch: bool
    rating: int | None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ListCard:
    """A list among others, with the first posters in it."""

    id: int
    name: str
    url: str
    titles: int
    public: bool
    covers: Sequence[Card] = ()
    owner: Member | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A title in a list: its place, and the owner's note."""

    card: Card
    place: int
    note: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a review said before it was changed at some time."""

    text: str
    locale: str
    until: datetime


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review. `html` is safe as it is; `lang` and `language` are empty when it is in the page's own.

    `vote` is the visitor's: True for helpful, False for not, None for none.
    """

    id: int
    title_id: int
    author: Member | None
    html: str
    lang: str
    language: str
    spoiler: bool
    rating: int | None
    helpful: int
    unhelpful: int
    at: datetime
    edited: datetime | None
    vote: bool | None
    own: bool
    state: str
    reason: str
    url: str
    title: Link | None = None
    versions: Sequence[Earlier] = ()


@dataclass(frozen=True, slots=True)
class ReviewBox:
    """The reviews below a title: the most helpful ones, and where all of them are."""

    title_id: int
    reviews: Sequence[ReviewView]
    more: bool
    url: str
    write_url: str  # empty for who may not write one


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """`site/reviews.html`: all reviews of a title."""

    seo: Seo
    title: Link
    pager: Pager
    orders: Sequence[tuple[str, str, bool]]
    reviews: Sequence[ReviewView]
    write_url: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """`site/review.html`: one review."""

    seo: Seo
    review: ReviewView


@dataclass(frozen=True, slots=True)
class ReviewFormPage:
    """`site/review_form.html`."""

    title: Link
    title_id: int
    typed: Mapping[str, Any]
    languages: Sequence[tuple[str, str]]
    most: int
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """`site/report.html`: asking moderators to look at a review."""

    review: ReviewView
    reasons: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MemberPage:
    """`site/member.html`. Of the sequences only those of the part shown are filled."""

    seo: Seo
    member: Member
    parts_shown: Sequence[Part]
    part: str  # "", ratings, diary, lists or reviews
    pager: Pager | None = None
    rated: Sequence[Rated] = ()
    viewings: Sequence[Viewing] = ()
    lists: Sequence[ListCard] = ()
    reviews: Sequence[ReviewView] = ()


@dataclass(frozen=True, slots=True)
class MemberListPage:
    """`site/member_list.html`."""

    seo: Seo
    list: ListCard
    about: str
    ranked: bool
    pager: Pager
    items: Sequence[Item] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class MyListsPage:
    """`site/my_lists.html`: one's own lists, and a form for a new one."""

    lists: Sequence[ListCard]
    typed: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListFormPage:
    """`site/list_form.html`: a list of one's own, its titles in order."""

    list: ListCard
    watchlist: bool
    typed: Mapping[str, Any]
    items: Sequence[Item]
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeepPage:
    """`site/keep.html`: in which of one's lists a title is."""

    title: Link
    title_id: int
    lists: Sequence[tuple[int, str, bool]]


@dataclass(frozen=True, slots=True)
class DiaryFormPage:
    """`site/diary_form.html`."""

    title: Link
    title_id: int
    typed: Mapping[str, Any]
    entry_id: int | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileFormPage:
    """`site/profile_form.html`: how others see oneself."""

    address: str
    typed: Mapping[str, Any]
    visibilities: Sequence[tuple[str, str]]
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewsItem:
    """Something new: `what` is diary, review or episode; `text` the episode's name or a word on the viewing."""

    what: str
    at: datetime
    card: Card
    url: str
    member: Member | None = None
    rating: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class NewsPage:
    """`site/news.html`: what is new with those whom one follows."""

    items: Sequence[NewsItem]


@dataclass(frozen=True, slots=True)
class Begun:
    """A film or an episode that the visitor has begun; `share` of it is watched, from 0 to 100."""

    card: Card
    url: str
    share: int
    left: int  # minutes
    text: str = ""  # which episode
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class DataPage:
    """`site/my_data.html`: what one can bring in, take along and delete."""

    imports: Sequence[ImportInfo]
    states: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]]
    has_password: bool


@dataclass(frozen=True, slots=True)
class ImportPage:
    """`site/import.html`: what an import would do, or did, row by row."""

    found: ImportInfo
    rows: Sequence[ImportRowInfo]
    titles: Mapping[int, Link]
    verdicts: Mapping[str, Any]
    states: Mapping[str, Any]
    chosen: str
    pager: Pager


@dataclass(frozen=True, slots=True)
class ContributionsPage:
    """`site/contributions.html`: films of one's own."""

    films: Sequence[ContributionInfo]
    states: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ContributionPage:
    """`site/contribution.html`: a film of one's own; `film` is None for a new one, `drop` where files are dropped.

    `used` and `quota` are in bytes; a quota of 0 is none.
    """

    film: ContributionInfo | None
    typed: Mapping[str, Any]
    languages: Sequence[tuple[str, str]]
    rights: Sequence[tuple[str, str]]
    states: Mapping[str, Any]
    open: bool
    drop: Mapping[str, Any] | None
    used: int
    quota: int
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
