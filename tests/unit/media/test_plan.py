"""The plan as a table: what a source holds, and what is made of it."""
from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.plan import (
    audio_targets,
    ladder,
    make_grid,
    make_plan,
    subtitle_targets,
    video_ranges,
)
from moviepoint.domains.media.encoding.probe import AudioStream, Probe, SubtitleStream, VideoStream
from moviepoint.domains.media.encoding.profiles import Profile

PROFILE = Profile()
VIDEO = VideoStream(index=0, codec="h264", width=1920, height=1080, rotation=0, sample_aspect=(1, 1),
                    frame_rate=(24, 1), variable=False, interlaced=False, hdr=False, bit_depth=8, start=(0, 1))
PROBE = Probe(container="mp4", size=10**9, duration_ms=7_200_000, claimed_ms=7_200_000, bit_rate=10**6, video=VIDEO,
              seekable=True)


def sound(index: int, language: str, **more: object) -> AudioStream:
    return AudioStream(index, "aac", 2, 48000, language, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("size", "expected"), [
    ((1920, 1080), [(1920, 1080), (1280, 720), (854, 480), (640, 360)]),
    ((3840, 2160), [(1920, 1080), (1280, 720), (854, 480), (640, 360)]),
    ((3840, 1600), [(1920, 800), (1280, 534), (854, 356), (640, 266)]),
    ((1920, 800), [(1920, 800), (1280, 534), (854, 356), (640, 266)]),
    ((1280, 720), [(1280, 720), (854, 480), (640, 360)]),
    ((1080, 1920), [(1080, 1920), (720, 1280), (480, 854), (360, 640)]),
    ((720, 1080), [(720, 1080), (480, 720), (360, 540)]),
    ((1440, 1080), [(1440, 1080), (960, 720), (640, 480), (480, 360)]),
    ((642, 642), [(480, 480), (360, 360)]),
    ((853, 481), [(852, 480), (638, 360)]),
    ((640, 360), [(640, 360)]),
    ((636, 352), [(636, 352)]),
    ((320, 240), [(320, 240)]),
    ((161, 121), [(160, 120)]),
    ((2, 2), [(2, 2)]),
])
def test_the_ladder_follows_the_picture(size: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    rungs = ladder(size, PROFILE)
    assert [(rung.width, rung.height) for rung in rungs] == expected
    assert [rung.name for rung in rungs] == [f"stream_{n}" for n in range(len(rungs))]


@given(st.integers(2, 8192), st.integers(2, 8192))
def test_no_rung_is_odd_larger_than_the_source_or_missing(width: int, height: int) -> None:
    rungs = ladder((width, height), PROFILE)
    assert rungs
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert 2 <= rung.width <= max(2, width)
        assert 2 <= rung.height <= max(2, height)
    assert [r.lines for r in rungs] == sorted((r.lines for r in rungs), reverse=True)


@pytest.mark.parametrize(("rate", "keyframe", "segment", "seconds"), [
    ((24, 1), 48, 144, Fraction(6)),
    ((24000, 1001), 48, 144, Fraction(6006, 1000)),
    ((25, 1), 50, 150, Fraction(6)),
    ((30000, 1001), 60, 180, Fraction(6006, 1000)),
    ((60, 1), 120, 360, Fraction(6)),
    ((5, 1), 10, 30, Fraction(6)),
    ((2997, 100), 60, 180, Fraction(18000, 2997)),
])
def test_segments_are_whole_frames_near_six_seconds(rate: tuple[int, int], keyframe: int, segment: int,
                                                    seconds: Fraction) -> None:
    grid = make_grid(rate, PROFILE)
    assert (grid.keyframe, grid.segment, grid.segment_seconds) == (keyframe, segment, seconds)


@given(st.fractions(min_value=5, max_value=60, max_denominator=1001), st.integers(1, 10**6))
def test_any_rate_gives_even_segments(rate: Fraction, frames: int) -> None:
    grid = make_grid((rate.numerator, rate.denominator), PROFILE)
    assert grid.segment % grid.keyframe == 0
    assert Fraction(55, 10) <= grid.segment_seconds <= Fraction(65, 10)
    assert (grid.segments(frames) - 1) * grid.segment < frames <= grid.segments(frames) * grid.segment


@given(st.integers(1, 5000), st.integers(1, 60))
def test_ranges_cover_a_film_once_and_none_is_short(segments: int, length: int) -> None:
    ranges = video_ranges(segments, True, replace(PROFILE, range_segments=length))
    assert ranges[0][0] == 0
    assert ranges[-1][1] is None
    for (_, end), (first, _) in pairwise(ranges):
        assert end == first
    assert ranges[-1][0] < segments or segments <= length
    assert all(end is None or end - first == length for first, end in ranges)
    assert segments - ranges[-1][0] >= length / 2 or len(ranges) == 1


def test_what_cannot_be_sought_is_one_range() -> None:
    assert video_ranges(1000, False, PROFILE) == ((0, None),)


def test_dubs_are_named_by_language_and_one_is_default() -> None:
    targets = audio_targets((sound(1, "en"), sound(2, "ru", default=True, kind="dub"), sound(3, "en"),
                             sound(4, "en", kind="commentary")), PROFILE)
    assert [t.name for t in targets] == ["audio_en", "audio_ru", "audio_en-2", "audio_en-3"]
    assert [t.default for t in targets] == [False, True, False, False]


def test_a_name_that_is_taken_in_the_edition_is_not_used_again() -> None:
    existing = frozenset({"audio_en", "audio_en-2", "subs_ru"})
    assert audio_targets((sound(1, "en"),), PROFILE, existing)[0].name == "audio_en-3"
    text = SubtitleStream(2, "subrip", True, "ru")
    assert subtitle_targets((text,), existing)[0].name == "subs_ru-2"


def test_a_commentary_is_default_only_if_there_is_nothing_else() -> None:
    comment = sound(1, "en", kind="commentary", default=True)
    assert [t.default for t in audio_targets((comment, sound(2, "en")), PROFILE)] == [False, True]
    assert [t.default for t in audio_targets((comment,), PROFILE)] == [True]
    assert audio_targets((), PROFILE) == ()


@pytest.mark.parametrize(("channels", "made", "kbps"), [(1, 1, 80), (2, 2, 160), (6, 2, 160), (8, 2, 160)])
def test_channels_are_folded_to_two(channels: int, made: int, kbps: int) -> None:
    target = audio_targets((AudioStream(1, "ac3", channels, 48000, "en"),), PROFILE)[0]
    assert (target.channels, target.kbps) == (made, kbps)


def test_picture_subtitles_are_kept_for_the_editor_and_do_not_fail() -> None:
    plan = make_plan(replace(PROBE, subtitles=(SubtitleStream(3, "hdmv_pgs_subtitle", False, "en"),
                                               SubtitleStream(4, "subrip", True, "en", role="forced"))), PROFILE)
    assert [(s.name, s.note) for s in plan.subtitles] == [(None, "Not text: needs a text version."), ("subs_en", "")]
    assert [s.name for s in plan.steps if s.kind == "subtitles"] == ["subs_en"]


def test_a_two_hour_film_is_cut_in_ranges_of_two_minutes() -> None:
    plan = make_plan(replace(PROBE, audio=(sound(1, "en"), sound(2, "ru"))), PROFILE)
    videos = [step for step in plan.steps if step.kind == "video"]
    assert (plan.frames, plan.grid.segments(plan.frames), len(videos)) == (172_800, 1200, 60)
    assert videos[0].name == "video-0000-0019"
    assert (videos[-1].name, videos[-1].first, videos[-1].end) == ("video-1180-end", 1180, None)
    assert [step.name for step in plan.steps[:5]] == [
        "seek-test", "audio_en", "video-0000-0019", "checksum", "audio_ru"]
    assert [step.kind for step in plan.steps[-2:]] == ["check", "publish"]
    assert len({step.name for step in plan.steps}) == len(plan.steps)
    assert sum(s.weight for s in videos) == pytest.approx(7200 * 4, rel=0.01)


@pytest.mark.parametrize(("kind", "lane"), [("video", "heavy"), ("audio", "sound"), ("storyboard", "heavy"),
                                            ("subtitles", "light"), ("check", "light"), ("publish", "light")])
def test_quick_steps_have_a_lane_of_their_own(kind: str, lane: str) -> None:
    texts = (SubtitleStream(2, "ass", True, "en"),)
    plan = make_plan(replace(PROBE, audio=(sound(1, "en"),), subtitles=texts), PROFILE)
    assert {step.lane for step in plan.steps if step.kind == kind} == {lane}


def test_a_single_frame_is_a_film() -> None:
    plan = make_plan(replace(PROBE, duration_ms=40, video=replace(VIDEO, frame_rate=(25, 1))), PROFILE)
    assert (plan.frames, [s.name for s in plan.steps if s.kind == "video"]) == (1, ["video-0000-end"])


def test_sound_alone_is_refused_with_a_way_out() -> None:
    with pytest.raises(Refused) as refusal:
        make_plan(replace(PROBE, video=None, audio=(sound(0, "en"),)), PROFILE)
    assert refusal.value.code == "no-picture"
    assert "added to a film" in refusal.value.message


@pytest.mark.parametrize(("change", "word"), [
    ({"hdr": True}, "HDR"), ({"interlaced": True}, "interlaced")])
def test_the_editor_is_told_what_is_done_to_the_picture(change: dict[str, bool], word: str) -> None:
    plan = make_plan(replace(PROBE, video=replace(VIDEO, **change)), PROFILE)
    assert any(word in note for note in plan.notes)
    assert "The film has no sound." in plan.notes


@pytest.mark.parametrize(("rotation", "aspect", "shown"), [
    (0, (1, 1), (1920, 1080)), (90, (1, 1), (1080, 1920)), (270, (1, 1), (1080, 1920)), (180, (1, 1), (1920, 1080)),
    (0, (4, 3), (2560, 1080)), (0, (2, 3), (1280, 1080)), (90, (2, 3), (1080, 1280))])
def test_the_shown_size_is_upright_with_square_pixels(rotation: int, aspect: tuple[int, int],
                                                      shown: tuple[int, int]) -> None:
    assert replace(VIDEO, rotation=rotation, sample_aspect=aspect).shown_size == shown


def test_the_estimate_grows_with_length_and_tracks() -> None:
    one = make_plan(PROBE, PROFILE).bytes_needed
    assert make_plan(replace(PROBE, duration_ms=14_400_000), PROFILE).bytes_needed > 1.9 * one
    assert make_plan(replace(PROBE, audio=(sound(1, "en"),)), PROFILE).bytes_needed > one
