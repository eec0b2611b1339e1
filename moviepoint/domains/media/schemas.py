"""What the API takes and says of uploads, editions, playback and jobs."""
from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.models import Edition, Upload
from moviepoint.domains.media.queries import JobDetail, JobFilter, JobView, Sort
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.sentences import shown
from moviepoint.shells.api import PageQuery

JobState = Literal["", "queued", "running", "paused", "failed", "cancelled", "done"]


class JobsQuery(PageQuery, kw_only=True):
    """Filters of the list of jobs."""

    state: JobState = ""
    text: Annotated[str, msgspec.Meta(max_length=200)] = ""
    who: Annotated[str, msgspec.Meta(max_length=200)] = ""
    since: date | None = None
    until: date | None = None
    edition_id: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    sort: Sort = ""


class RetryInput(msgspec.Struct, forbid_unknown_fields=True):
    """Which failed jobs are taken up again; all of them, where nothing is said."""

    text: Annotated[str, msgspec.Meta(max_length=200)] = ""
    who: Annotated[str, msgspec.Meta(max_length=200)] = ""
    since: date | None = None
    until: date | None = None
    edition_id: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None


class JobStep(msgspec.Struct):
    name: str
    kind: str
    state: str
    progress: float
    speed: float | None
    attempts: int
    log: str


class Job(msgspec.Struct):
    """An encoding job; `progress` from 0 to 1, `speed` in seconds of film a second.

    `kind`: a film, tracks added to one, or a track made anew. `step` runs now, `log` has its last lines.
    """

    id: int
    edition_id: int
    source_id: int
    filename: str
    state: str
    code: str
    message: str
    priority: int
    progress: float
    speed: float | None
    remaining_seconds: int | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    notes: list[str]
    kind: str
    title: str
    created_by: str
    step: str
    log: str
    profile: str


class JobWithSteps(Job):
    steps: list[JobStep]


def job_filter(query: JobsQuery | RetryInput) -> JobFilter:
    """Return a query as the reads take it."""
    return JobFilter(**{name: getattr(query, name) for name in JobFilter.__struct_fields__ if hasattr(query, name)})


def job(view: JobView) -> Job:
    """Show a job's view."""
    return msgspec.convert(shown(view), Job)


def job_with_steps(detail: JobDetail) -> JobWithSteps:
    """Show a job with its steps."""
    values = shown(detail.job) | {"steps": msgspec.to_builtins(detail.steps)}
    return msgspec.convert(values, JobWithSteps)


class UploadInfo(msgspec.Struct):
    """An upload; `offset` is how many bytes of `size` have arrived."""

    id: str
    filename: str
    size: int
    offset: int
    state: str
    expires_at: datetime
    intent: Intent
    job_id: int | None = None  # the job that it has become the source of
    message: str = ""  # why it failed


class Guess(msgspec.Struct):
    """What a file's name says of it."""

    filename: str
    intent: Intent


class GuessInput(msgspec.Struct, forbid_unknown_fields=True):
    """Names of files that are about to be sent."""

    filenames: Annotated[list[Annotated[str, msgspec.Meta(max_length=1000)]], msgspec.Meta(max_length=200)]


class UploadsQuery(msgspec.Struct, kw_only=True):
    """The edition, by its public id, whose unfinished uploads are asked for."""

    edition: str


class EncodeInput(msgspec.Struct, forbid_unknown_fields=True):
    """What an upload is to become: the film of a title, or of an episode."""

    title_id: int | msgspec.UnsetType = msgspec.UNSET
    episode_id: int | msgspec.UnsetType = msgspec.UNSET
    label: Annotated[str, msgspec.Meta(max_length=80)] = ""


class EditionInput(msgspec.Struct, forbid_unknown_fields=True):
    """The film or the episode that an edition is of; `label` tells it from others ("Director's cut")."""

    title_id: int | msgspec.UnsetType = msgspec.UNSET
    episode_id: int | msgspec.UnsetType = msgspec.UNSET
    label: Annotated[str, msgspec.Meta(max_length=80)] = ""


class EditionInfo(msgspec.Struct):
    """An edition, by the id that addresses and uploads use."""

    id: str
    title_id: int | None
    episode_id: int | None
    label: str
    duration_ms: int | None
    playable: bool


class TrackInput(msgspec.Struct, forbid_unknown_fields=True):
    """A dub or subtitles as an editor changes them; `kind` is a subtitle's role too.

    `label` is for all viewers, `labels` by locale for those who read it; `offset_ms` moves a track later than its
    source has it, which makes its files anew.
    """

    id: int
    language: str = "und"
    kind: str = "original"
    label: str = ""
    labels: dict[str, str] = {}
    studio: str = ""
    default: bool = False
    hidden: bool = False
    offset_ms: int = 0


class TracksInput(msgspec.Struct, forbid_unknown_fields=True):
    """All tracks of an edition in the viewers' order; `version` is that of the table that was read (or empty)."""

    audio: list[TrackInput] = []
    subtitles: list[TrackInput] = []
    version: str = ""


class Tracks(msgspec.Struct):
    """All tracks of an edition, hidden ones too."""

    audio: list[TrackInput]
    subtitles: list[TrackInput]
    version: str


class RungInfo(msgspec.Struct):
    """A rung of an edition: pixels, frames a second, bits a second as measured."""

    id: int
    width: int
    height: int
    codec: str
    frame_rate: float
    average_bandwidth: int
    peak_bandwidth: int


class MarkInput(msgspec.Struct, forbid_unknown_fields=True):
    """A chapter, intro, recap or credits; a chapter without an end lasts until the next."""

    kind: str
    start_ms: int
    end_ms: int | None = None
    label: str = ""


class MarksInput(msgspec.Struct, forbid_unknown_fields=True):
    """All marks of an edition; `version` is that of the table that was read (or empty)."""

    marks: list[MarkInput] = []
    version: str = ""


class Marks(msgspec.Struct):
    """All marks of an edition, in the film's order."""

    marks: list[MarkInput]
    version: str


class PriorityInput(msgspec.Struct, forbid_unknown_fields=True):
    """A job's place in the queue: higher goes first."""

    priority: int


class Retried(msgspec.Struct):
    """How many failed jobs were taken up again."""

    retried: int


class VideoInfo(msgspec.Struct):
    width: int
    height: int
    frame_rate: float
    bandwidth: int


class AudioInfo(msgspec.Struct):
    language: str
    kind: str
    label: str
    default: bool
    channels: int


class SubtitleInfo(msgspec.Struct):
    language: str
    role: str
    label: str
    default: bool


class Playback(msgspec.Struct):
    """How to play an edition: the master playlist's address is signed, and good until `expires_at`."""

    edition: EditionInfo
    master: str
    dash: str  # the address of a DASH manifest; empty for films in MPEG-TS, which DASH does not play
    storyboard: str
    expires_at: datetime
    video: list[VideoInfo]
    audio: list[AudioInfo]
    subtitles: list[SubtitleInfo]


def upload_info(upload: Upload, offset: int, job_id: int | None = None) -> UploadInfo:
    """Show an upload."""
    message = _("A part of this file is not on the server as it arrived. Send the file again.") \
        if upload.state == "failed" else ""
    return UploadInfo(upload.public_id, upload.filename, upload.size,
                      upload.size if upload.state == "used" else offset, upload.state, upload.expires_at,
                      msgspec.convert(upload.intent, Intent) if upload.intent else Intent(), job_id, message)


def edition_info(edition: Edition) -> EditionInfo:
    """Show an edition."""
    return EditionInfo(edition.public_id, edition.title_id, edition.episode_id, edition.label, edition.duration_ms,
                       edition.playable)
