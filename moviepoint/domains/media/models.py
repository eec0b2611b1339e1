"""Uploads, editions and their renditions and tracks, and the ledger of encoding jobs.

A title or episode owns no files; an edition of it does. Paths are relative to the edition's folder on storage
(`Edition.package`), names as in the package: `stream_0`, `audio_en`, `subs_ru`.
"""
from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moviepoint.kernel.db import Base, UtcDateTime, utcnow
from moviepoint.kernel.sentences import SentenceText

JOB_STATES = ("queued", "running", "paused", "failed", "cancelled", "done")
STEP_STATES = ("queued", "running", "failed", "cancelled", "done")
#: An upload of several parts is `joining` until a task has put them together, and `failed` where one is not there.
UPLOAD_STATES = ("receiving", "joining", "stored", "used", "failed")
#: What a job makes: a whole package, tracks or pictures beside one that is there, or one track with another offset.
JOB_KINDS = ("film", "tracks", "retime", "pictures")


def public_id() -> str:
    """Return an id that says nothing and cannot be guessed: 96 bits."""
    return secrets.token_hex(12)


class Edition(Base):
    """One cut of a film or episode; `package` names the folder of the package that is live."""

    __tablename__ = "editions"
    __table_args__ = (
        CheckConstraint("(title_id is null) <> (episode_id is null)", name="owner"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=public_id)
    title_id: Mapped[int | None] = mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), index=True)
    episode_id: Mapped[int | None] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(80), default="")  # "Director's cut"; empty for the usual one
    position: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int | None]
    package: Mapped[str | None] = mapped_column(String(160))  # key of the live package's folder
    package_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    segment_format: Mapped[str] = mapped_column(String(8), default="ts", server_default="ts")  # or "fmp4"
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its package went live
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    sources: Mapped[list[SourceAsset]] = relationship(back_populates="edition", cascade="all, delete-orphan")
    video: Mapped[list[VideoRendition]] = relationship(
        back_populates="edition", cascade="all, delete-orphan", order_by="VideoRendition.position")
    audio: Mapped[list[AudioTrack]] = relationship(
        back_populates="edition", cascade="all, delete-orphan", order_by="AudioTrack.position")
    subtitles: Mapped[list[SubtitleTrack]] = relationship(
        back_populates="edition", cascade="all, delete-orphan", order_by="SubtitleTrack.position")
    storyboard: Mapped[Storyboard | None] = relationship(
        back_populates="edition", cascade="all, delete-orphan", uselist=False)
    marks: Mapped[list[Mark]] = relationship(
        back_populates="edition", cascade="all, delete-orphan", order_by="Mark.start_ms")
    jobs: Mapped[list[EncodingJob]] = relationship(back_populates="edition", cascade="all, delete-orphan")

    @property
    def tracks(self) -> list[AudioTrack | SubtitleTrack]:
        return [*self.audio, *self.subtitles]

    @property
    def playable(self) -> bool:
        return self.package is not None


class Upload(Base):
    """A file on its way in, or arrived; the file's own length on disk is the offset, not this row."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True, default=public_id)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255), default="")
    size: Mapped[int] = mapped_column(BigInteger)  # bytes that were announced
    intent: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # an `Intent`: what the file is to become
    state: Mapped[str] = mapped_column(String(12), default="receiving", index=True)
    partial: Mapped[bool] = mapped_column(default=False, server_default=false())  # one part of a file, and no more
    parts: Mapped[list[str] | None] = mapped_column(JSON)  # public ids of the parts that it is joined from
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def key(self) -> str:
        """The file's key on storage."""
        return f"uploads/{self.public_id}"


class SourceAsset(Base):
    """An uploaded file as it came."""

    __tablename__ = "source_assets"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(200))
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    probe: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    intent: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # an `Intent`; None: the film itself
    kept: Mapped[bool] = mapped_column(default=True)  # False: the file is gone, and this row tells of it
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())  # kept whatever the settings say
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    edition: Mapped[Edition] = relationship(back_populates="sources")


class VideoRendition(Base):
    """One rung of the ladder."""

    __tablename__ = "video_renditions"
    __table_args__ = (UniqueConstraint("edition_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    path: Mapped[str] = mapped_column(String(80))  # "stream_0"
    width: Mapped[int]
    height: Mapped[int]
    codec: Mapped[str] = mapped_column(String(40))  # RFC 6381, "avc1.640028"
    frame_rate: Mapped[float]
    average_bandwidth: Mapped[int]  # bits a second, measured over the segments
    peak_bandwidth: Mapped[int]
    iframe_bandwidth: Mapped[int] = mapped_column(default=0)  # of its I-frame playlist; 0: it has none

    edition: Mapped[Edition] = relationship(back_populates="video")


class AudioTrack(Base):
    """A dub or the original sound, as the viewer chooses it."""

    __tablename__ = "audio_tracks"
    __table_args__ = (UniqueConstraint("edition_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    path: Mapped[str] = mapped_column(String(80))  # "audio_en"
    language: Mapped[str] = mapped_column(String(35), default="und")
    kind: Mapped[str] = mapped_column(String(20), default="original")
    label: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(SentenceText, default="", server_default="")  # what an editor should know
    default: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")  # by locale
    studio: Mapped[str] = mapped_column(String(120), default="", server_default="")
    offset_ms: Mapped[int] = mapped_column(default=0, server_default="0")  # later than the source has it
    made_offset_ms: Mapped[int] = mapped_column(default=0, server_default="0")  # the offset of the files that are live
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source_assets.id", ondelete="SET NULL"))
    origin: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # stream, language and kind as the source has them
    codec: Mapped[str] = mapped_column(String(40))
    channels: Mapped[int]
    average_bandwidth: Mapped[int]
    peak_bandwidth: Mapped[int]

    edition: Mapped[Edition] = relationship(back_populates="audio")
    renditions: Mapped[list[AudioRendition]] = relationship(
        back_populates="track", cascade="all, delete-orphan", order_by="AudioRendition.channels")

    @property
    def paths(self) -> list[str]:
        """All that the track has on storage."""
        return [self.path, *(rendition.path for rendition in self.renditions)]


class AudioRendition(Base):
    """The same dub once more, with more channels than the stereo that every dub has."""

    __tablename__ = "audio_renditions"

    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("audio_tracks.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(80))  # "audio_en-6ch"
    codec: Mapped[str] = mapped_column(String(40))
    channels: Mapped[int]
    average_bandwidth: Mapped[int]
    peak_bandwidth: Mapped[int]

    track: Mapped[AudioTrack] = relationship(back_populates="renditions")


class SubtitleTrack(Base):
    """Subtitles in one language; `path` is empty while it is kept but cannot be shown (image subtitles)."""

    __tablename__ = "subtitle_tracks"
    __table_args__ = (UniqueConstraint("edition_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    path: Mapped[str | None] = mapped_column(String(80))  # "subs_ru"
    language: Mapped[str] = mapped_column(String(35), default="und")
    role: Mapped[str] = mapped_column(String(20), default="full")
    label: Mapped[str] = mapped_column(String(120), default="")
    source_format: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(SentenceText, default="")  # for an editor: damaged cues, image format
    default: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    labels: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")  # by locale
    studio: Mapped[str] = mapped_column(String(120), default="", server_default="")
    offset_ms: Mapped[int] = mapped_column(default=0, server_default="0")  # later than the source has it
    made_offset_ms: Mapped[int] = mapped_column(default=0, server_default="0")  # the offset of the files that are live
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source_assets.id", ondelete="SET NULL"))
    origin: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # stream, language and kind as the source has them

    edition: Mapped[Edition] = relationship(back_populates="subtitles")

    @property
    def letters(self) -> dict[str, Any]:
        """What its file's letters were taken as (see `lettering`); empty for what came in no file of text."""
        return dict((self.origin or {}).get("letters") or {})

    @property
    def guessed(self) -> bool:
        """Whether nobody has confirmed yet what its letters were taken as."""
        return not self.letters.get("sure", True)

    @property
    def paths(self) -> list[str]:
        """All that the track has on storage."""
        return [self.path] if self.path else []


class Storyboard(Base):
    """Small pictures for the seek bar."""

    __tablename__ = "storyboards"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), unique=True)
    path: Mapped[str] = mapped_column(String(80), default="storyboard.vtt")
    interval_ms: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]

    edition: Mapped[Edition] = relationship(back_populates="storyboard")

    @property
    def name(self) -> str:
        """The folder of its sheets."""
        return self.path.removesuffix(".vtt")


class Mark(Base):
    """A chapter, intro, recap or credits."""

    __tablename__ = "marks"
    __table_args__ = (CheckConstraint("end_ms is null or end_ms >= start_ms", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="chapter")
    label: Mapped[str] = mapped_column(String(200), default="")
    start_ms: Mapped[int]
    end_ms: Mapped[int | None]
    found: Mapped[bool] = mapped_column(default=False, server_default=false())  # read from a file, and left as it was

    edition: Mapped[Edition] = relationship(back_populates="marks")


class EditionPlays(Base):
    """How often an edition was really watched on a day (UTC). Who watched is not kept."""

    __tablename__ = "edition_plays"

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    plays: Mapped[int] = mapped_column(default=0)


class EncodingJob(Base):
    """One source on its way to being an edition's package, or tracks of it."""

    __tablename__ = "encoding_jobs"
    __table_args__ = (Index("ix_encoding_jobs_state_priority", "state", "priority"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"), index=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source_assets.id", ondelete="CASCADE"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(12), default="film", server_default="film")
    state: Mapped[str] = mapped_column(String(12), default="queued")
    priority: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(String(40), default="")  # why it failed or waits, for machines
    message: Mapped[str] = mapped_column(SentenceText, default="")  # the same, for an editor
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # as it was when the job began; None: the default
    profile_name: Mapped[str] = mapped_column(String(80), default="", server_default="")
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    package: Mapped[str] = mapped_column(String(160), default="")  # key of the folder that is being made
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    edition: Mapped[Edition] = relationship(back_populates="jobs")
    source: Mapped[SourceAsset] = relationship()
    steps: Mapped[list[EncodingStep]] = relationship(
        back_populates="job", cascade="all, delete-orphan", order_by="EncodingStep.position")


class EncodingProfile(Base):
    """How films are encoded, as data: jobs keep a copy, so that a change touches no job that has begun."""

    __tablename__ = "encoding_profiles"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)  # an `encoding.profiles.Profile`
    position: Mapped[int] = mapped_column(default=0)  # the first is for whoever chooses none
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow, onupdate=utcnow)


class EncodingStep(Base):
    """One leased piece of a job."""

    __tablename__ = "encoding_steps"
    __table_args__ = (
        UniqueConstraint("job_id", "name"),
        Index("ix_encoding_steps_state_lane_position", "state", "lane", "position"),
        {"sqlite_autoincrement": True},  # a lease names a step by its id: none is given again
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("encoding_jobs.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(80))  # "inspect", "video-0000-0009", "audio_en"
    kind: Mapped[str] = mapped_column(String(20))
    stage: Mapped[int] = mapped_column(default=1)  # all steps of a lower stage are done before it
    lane: Mapped[str] = mapped_column(String(8), default="heavy")
    state: Mapped[str] = mapped_column(String(12), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)  # those that failed; a lost worker is no failure
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a retry's pause
    worker: Mapped[str] = mapped_column(String(80), default="")
    fence: Mapped[int] = mapped_column(default=0)  # grows with each lease; a write must carry the newest
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    served: Mapped[int] = mapped_column(default=0, server_default="0", index=True)  # its turn: grows over all leases
    yielded: Mapped[int] = mapped_column(default=0, server_default="0")  # places that it stepped back, half done
    weight: Mapped[float] = mapped_column(default=1.0)  # its share of the job's work
    progress: Mapped[float] = mapped_column(default=0.0)  # 0 to 1
    speed: Mapped[float | None]  # seconds of film a second
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    command: Mapped[str] = mapped_column(Text, default="")
    log: Mapped[str] = mapped_column(Text, default="")  # the last lines of stderr
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    job: Mapped[EncodingJob] = relationship(back_populates="steps")
