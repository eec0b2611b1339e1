"""A finished package is read back, and no fault passes."""
from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moviepoint.app import MoviePoint
from moviepoint.domains.media.encoding import playlists, posters, transport, verify
from moviepoint.domains.media.encoding.steps import Workshop
from moviepoint.domains.media.encoding.verify import BadPackage, PackageFacts
from moviepoint.kernel.i18n import use_locale
from moviepoint.kernel.sentences import Sentence, said

Package = tuple[Path, Workshop]


@pytest.fixture
def copy(package: Package, tmp_path: Path) -> Package:
    return Path(shutil.copytree(package[0], tmp_path / "package")), package[1]


def check(package: Package) -> PackageFacts:
    folder, shop = package
    return verify.finish_package(folder, shop.plan, shop.tools, shop.sandbox, lambda share: None)


def test_a_sound_package_gives_its_measures(copy: Package) -> None:
    shares: list[float] = []
    folder, shop = copy
    facts = verify.finish_package(folder, shop.plan, shop.tools, shop.sandbox, shares.append)
    assert facts.duration_ms == round(shop.seconds * 1000)
    assert [(v.width, v.height, v.frame_rate) for v in facts.video] == [(320, 180, 23.976), (160, 90, 23.976)]
    assert all(0 < v.bandwidth.average <= v.bandwidth.peak for v in facts.video)
    assert [a.name for a in facts.audio] == ["audio_ru", "audio_en"]
    assert facts.subtitles == ("subs_ru",)
    assert facts.size > 10_000
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_the_playlists_are_read_by_another_reader(copy: Package) -> None:
    facts = check(copy)
    folder, shop = copy
    for name in (*(v.name for v in facts.video), *(a.name for a in facts.audio), *facts.subtitles):
        playlist = m3u8.load(str(folder / f"{name}.m3u8"))
        assert playlist.is_endlist
        assert playlist.playlist_type == "vod"
        assert sum(s.duration for s in playlist.segments) == pytest.approx(float(shop.seconds), abs=0.1)
        assert all(round(s.duration) <= playlist.target_duration for s in playlist.segments)
    durations = [[s.duration for s in m3u8.load(str(folder / f"{v.name}.m3u8")).segments] for v in facts.video]
    assert durations[0] == durations[1]


def test_iframe_ranges_are_keyframes(copy: Package) -> None:
    check(copy)
    folder, shop = copy
    playlist = m3u8.load(str(folder / "iframes_0.m3u8"))
    assert playlist.is_i_frames_only
    assert len(playlist.segments) == -(-shop.plan.frames // shop.plan.grid.keyframe)
    for segment in playlist.segments:
        length, offset = (int(part) for part in segment.byterange.split("@"))
        data = (folder / segment.uri).read_bytes()
        assert data[offset] == 0x47
        assert length % 188 == 0
        frame = next(f for f in transport.read_segment(folder / segment.uri).frames if f.offset == offset)
        assert frame.keyframe
        assert frame.end - frame.offset == length
    assert sum(s.duration for s in playlist.segments) == pytest.approx(float(shop.seconds), abs=0.01)


def lose(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-188 * 20])


def tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def scribble(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


@pytest.mark.parametrize(("name", "harm"), [
    ("stream_0/data0001.ts", lose), ("stream_0/data0001.ts", empty), ("stream_0/data0000.ts", tear),
    ("stream_1/data0000.ts", scribble), ("stream_1/data0002.ts", lose), ("audio_ru/data0001.ts", empty),
    ("audio_ru/data0002.ts", lose), ("audio_en/data0000.ts", scribble), ("subs_ru/data0001.vtt", scribble),
    ("storyboard.vtt", lose), ("storyboard/0000.jpg", lose), ("subs_ru.m3u8", lose), ("subs_ru/data0001.vtt", empty)])
def test_no_fault_passes(copy: Package, name: str, harm: Callable[[Path], None]) -> None:
    harm(copy[0] / name)
    with pytest.raises(BadPackage) as raised:
        check(copy)
    assert raised.value.code == "bad-package"


def test_segments_of_another_place_are_noticed(copy: Package) -> None:
    folder = copy[0] / "stream_0"
    shutil.copy(folder / "data0000.ts", folder / "data0001.ts")
    with pytest.raises(BadPackage, match="begins at"):
        check(copy)


def test_a_dub_of_the_wrong_length_is_noticed(copy: Package) -> None:
    (copy[0] / "audio_ru/data0002.ts").unlink()
    with pytest.raises(BadPackage, match=r"audio_ru lasts 12\.\d+ s"):
        check(copy)


@pytest.mark.parametrize("name", ["stream_0/data0000.ts", "stream_0/data0001.ts", "stream_1/data0001.ts"])
def test_a_damaged_picture_is_decoded_and_noticed(copy: Package, name: str) -> None:
    """The last keyframe of a segment is damaged, whose container is as it was."""
    path = copy[0] / name
    data = bytearray(path.read_bytes())
    frame = [frame for frame in transport.read_segment(path).frames if frame.keyframe][-1]
    for offset in range(frame.offset + 188, frame.end, 188):
        data[offset + 8:offset + 188] = b"\x55" * 180
    path.write_bytes(bytes(data))
    with pytest.raises(BadPackage, match=f"{name.partition('/')[0]} does not decode"):
        check(copy)


def test_a_poster_is_taken(copy: Package) -> None:
    folder, shop = copy
    assert posters.take_poster(shop, folder, lambda progress: None)
    assert posters.liveliness(folder / posters.NAME) is not None
    assert not list(folder.glob(".poster-*"))
    assert posters.liveliness(folder / "nothing.jpg") is None


@given(st.lists(st.tuples(st.integers(1, 10**7), st.fractions(min_value=Fraction(1, 100), max_value=10)), min_size=1))
def test_bandwidths_bound_each_other(segments: list[tuple[int, Fraction]]) -> None:
    sizes, durations = [size for size, _ in segments], [duration for _, duration in segments]
    measured = playlists.bandwidth(sizes, durations)
    assert measured.peak >= measured.average >= 0
    assert measured.average == round(sum(sizes) * 8 / sum(durations))


@given(st.lists(st.fractions(min_value=Fraction(1, 1000), max_value=20), min_size=1, max_size=30))
def test_target_durations_hold(durations: list[Fraction]) -> None:
    playlist = m3u8.loads(playlists.media_playlist("audio_en", durations))
    assert all(int(segment.duration + 0.5) <= playlist.target_duration for segment in playlist.segments)
    assert playlist.segments[0].uri == "audio_en/data0000.ts"


@given(st.binary(max_size=1000))
def test_no_bytes_pass_as_a_segment(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "x.ts"
    path.write_bytes(data)
    with pytest.raises(transport.Damaged) as caught:
        transport.read_segment(path)
    assert isinstance(caught.value.fault, Sentence)


def test_faults_are_said_in_the_readers_language(copy: Package, app: MoviePoint) -> None:
    folder, shop = copy
    (folder / "stream_1/data0000.ts").write_bytes(b"G")
    with app.app_context(), use_locale("ru"), pytest.raises(BadPackage) as caught:
        check((folder, shop))
    with app.app_context(), use_locale("ru"):
        assert "в stream_1: файл data0000.ts пуст или обрывается внутри пакета" in said(caught.value.message)


def test_a_plan_without_storyboard_needs_none(copy: Package) -> None:
    folder, shop = copy
    shutil.rmtree(folder / "storyboard")
    (folder / "storyboard.vtt").unlink()
    plan = replace(shop.plan, steps=tuple(step for step in shop.plan.steps if step.kind != "storyboard"))
    assert check((folder, replace(shop, plan=plan))).storyboard is None
