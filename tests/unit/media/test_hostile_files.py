"""Files that mean harm: each is refused in words or comes out tamed, in little time and memory."""
from __future__ import annotations

import gzip
import io
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviepoint.domains.media.encoding import containers, probe, sidecars, subtitles
from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import Limits, Sandbox
from moviepoint.domains.media.encoding.conformance.master import check_master
from moviepoint.domains.media.encoding.conformance.syntax import read
from moviepoint.domains.media.encoding.cuetext import clean as cleaned
from moviepoint.domains.media.encoding.errors import Refused
from moviepoint.domains.media.encoding.harvest import Cue
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.plan import make_plan
from moviepoint.domains.media.encoding.workshop import Workshop
from moviepoint.domains.media.packaging import Sound, Text, Variant, render_master
from tests.unit.media.awkward import Maker, film, lying
from tests.unit.media.conftest import SMALL
from tests.unit.media.films import X264, make, pattern

Shops = Callable[..., Workshop]
HEADS = {"mkv": b"\x1a\x45\xdf\xa3", "mp4": b"\0\0\0\x18ftypisom" + bytes(12), "flv": b"FLV\x01", "mp3": b"ID3",
         "ogg": b"OggS", "mpg": b"\0\0\1\xba", "asf": containers.ASF, "avi": b"RIFF\0\0\1\0AVI "}
LISTS = {"hls": "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{0}\n#EXT-X-ENDLIST\n",
         "ffconcat": "ffconcat version 1.0\nfile '{0}'\n",
         "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
                 "<Representation><BaseURL>{0}</BaseURL></Representation></AdaptationSet></Period></MPD>",
         "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\n",
         "smil": '<smil><body><video src="{0}"/></body></smil>'}
BILLION = ('<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + ']><tt xmlns="http://www.w3.org/ns/ttml">'
    '<body><div><p begin="0s" end="1s">&j;</p></div></body></tt>')


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_a_list_is_refused_whatever_it_is_called(kind: str, name: str, film: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text(LISTS[kind].format(film))
    with pytest.raises(Refused) as raised:
        containers.recognise(tmp_path / name)
    assert raised.value.code == "playlist"
    assert "Upload the film itself." in raised.value.message


@pytest.mark.parametrize("head", HEADS)
def test_a_list_behind_a_container_s_first_bytes_is_not_followed(head: str, film: Path, tools: Tools, sandbox: Sandbox,
                                                                 tmp_path: Path) -> None:
    for kind, text in LISTS.items():
        path = tmp_path / f"{kind}.bin"
        path.write_bytes(HEADS[head] + b"\n" + text.format(film).encode() * 30)
        with pytest.raises(Refused):
            probe.inspect(tools, sandbox, path)


def many_sounds(tools: Tools, folder: Path) -> Path:
    maps = [part for _ in range(200) for part in ("-map", "1")]
    return make(tools, folder / "many.mkv", *pattern("64x36", seconds=0.4), "-f", "lavfi", "-i",
                "anullsrc=r=8000:cl=mono:d=0.4", "-map", "0", *maps, "-c:v", "mpeg4", "-c:a", "adpcm_ima_wav")


def two_pictures_a_day(tools: Tools, folder: Path) -> Path:
    """A few hundred bytes that would be a day of film."""
    return make(tools, folder / "long.mkv", *pattern("64x36", "1", 2), "-vf", "setpts=N*80000/TB", "-fps_mode",
                "passthrough", *X264)


def sound_of(rate: int, channels: int) -> Maker:
    def build(_tools: Tools, folder: Path) -> Path:
        data = bytes(4096)
        head = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * channels * 2 & 0xFFFFFFFF,
                           channels * 2 & 0xFFFF, 16)
        (folder / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + head + b"data" +
                                       struct.pack("<I", len(data)) + data)
        return folder / "a.wav"
    return build


BOMBS: dict[str, tuple[Maker, str]] = {
    "a picture of 39 million pixels": (film("a.mkv", "-vf", "scale=8400:4600:flags=neighbor", "-frames:v", "1", "-c:v",
                                             "huffyuv", "-pix_fmt", "yuv422p"),
                                       "too-many-pixels"),
    "12 million pictures a second": (lying(b"mdhd", 12, ">I", 12800 * 40000, when=b"\0\0\x32\0"), "bad-times"),
    "a day in two pictures": (two_pictures_a_day, "bad-times"),
    "200 sounds": (many_sounds, "too-many-tracks"),
    "a sample of 4 GB": (lying(b"stsz", 8, ">I", 2**32 - 1), "unreadable"),
    "data far behind the file's end": (lying(b"stco", 8, ">I", 2**31), "undecodable"),
    "two billion samples a second": (sound_of(2**31 - 1, 2), "no-picture"),
    "65,000 channels": (sound_of(48000, 65000), "unreadable"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_quickly(name: str, tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    build, code = BOMBS[name]
    source = build(tools, tmp_path)
    began = time.monotonic()
    with pytest.raises(Refused) as raised:
        workshop(source)
    assert raised.value.code == code
    assert raised.value.message.endswith(".")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("kind", "offset", "form", "values"), [
    (b"tkhd", -8, ">II", (65535 << 16, 65535 << 16)), (b"stts", 12, ">I", (2**30,)), (b"mvhd", 12, ">I", (1,))])
def test_what_a_header_claims_is_not_believed(kind: bytes, offset: int, form: str, values: tuple[int, ...],
                                              tools: Tools, workshop: Shops, tmp_path: Path) -> None:
    shop = workshop(lying(kind, offset, form, *values)(tools, tmp_path))
    assert (shop.plan.rungs[0].width, shop.plan.rungs[0].height) == (320, 180)
    assert shop.plan.duration_ms == 1200


def test_what_a_child_says_is_not_kept_without_end(tools: Tools, sandbox: Sandbox, film: Path) -> None:
    """A subtitle track of gigabytes in a small file would fill the worker's memory, and not the child's."""
    with pytest.raises(Refused) as raised:
        sandbox.run(tools.ffmpeg, lambda name: ["-v", "error", "-i", name, "-f", "rawvideo", "-"], source=film,
                    limits=Limits(output=100_000))
    assert raised.value.code == "too-large"


TITLE = 'Dub",URI="https://evil.example/x.m3u8"\r\n#EXT-X-MEDIA:TYPE=AUDIO,URI="y"\n\u2028#EXTINF:1,\x85\x00z'


def test_titles_and_languages_write_no_line_of_a_playlist(tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:00,100 --> 00:00:01,000\nA\n")
    title = TITLE.replace("\x00", "")
    source = make(tools, tmp_path / "a.mkv", *pattern(seconds=1), "-f", "lavfi", "-i", "sine=d=1", "-i",
                  str(tmp_path / "a.srt"), "-map", "0", "-map", "1", "-map", "2", *X264, "-c:a", "aac", "-c:s", "srt",
                  *(part for kind in "as" for part in (
                      f"-metadata:s:{kind}:0", f"title={title}", f"-metadata:s:{kind}:0",
                      'language=en",DEFAULT=YES,X="../../../etc')))
    plan = make_plan(probe.inspect(tools, sandbox, source), SMALL)
    assert [(t.name, t.language) for t in (*plan.audio, *plan.subtitles)] == [("audio_und", "und"), ("subs_und", "und")]
    master = render_master(
        [Variant("stream_0", 320, 180, "avc1.42c00d", 25.0, 1000, 1000)],
        [Sound(t.name, t.language, t.label, t.kind, t.default, "mp4a.40.2", 1, 100, 100) for t in plan.audio],
        [Text(t.name or "", t.language, t.label, t.role, t.default) for t in plan.subtitles])
    assert [line.partition(":")[0] for line in master.splitlines()] == [
        "#EXTM3U", "#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-MEDIA", "#EXT-X-MEDIA",
        "#EXT-X-STREAM-INF", "stream_0.m3u8"]
    uris = [tag.attributes().get("URI") for tag in read(master, lambda *_said: None).named("EXT-X-MEDIA")]
    assert uris == ["audio_und.m3u8", "subs_und.m3u8"]


@given(st.text(), st.text(), st.text())
@settings(max_examples=60)
def test_no_words_write_a_line_of_a_playlist(one: str, two: str, three: str) -> None:
    said: list[str] = []
    master = render_master([Variant("stream_0", 320, 180, "avc1.42c00d", 25.0, 1000, 1000)],
                           [Sound("audio_a", "en", one, "dub", False, "mp4a.40.2", 2, 1, 1),
                            Sound("audio_b", "en", two, "dub", False, "mp4a.40.2", 2, 1, 1)],
                           [Text("subs_a", "en", three, "full", False)])
    check_master(read(master, lambda rule, what: said.append(f"{rule}: {what}")), lambda rule, what: said.append(rule))
    assert len(master.split("\n")) == 9
    assert said == ["i-frames"]


def zipped(text: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../film.srt", text)
    return buffer.getvalue()


LONG = b"1\n00:00:01,000 --> 00:00:02,000\n" + b"A" * 30_000_000
SUBTITLES: dict[str, tuple[bytes, str]] = {
    "gzip": (gzip.compress(LONG, 1), "archive"),
    "zip": (zipped(LONG), "archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(60), "archive"),
    "billion laughs": (BILLION.encode(), "not-subtitles"),
    "billion laughs in UTF-16": (BILLION.encode("utf-16"), "not-subtitles"),
    "30 MB": (LONG, "too-large"),
    "a million cues": (b"0:1,1-->0:1,2\nx\n\n" * 1_000_000, "too-large"),
    "sixty thousand lines": (b"[Events]\nFormat: Start, End, Text\n" + b"".join(
        b"Dialogue: 0:00:01.00,0:00:02.00,%d\n" % n for n in range(60_000)), "too-large"),
    "comments without end": (b"<!---->" * 580 + b"\x0bx", "no-cues"),
    "deep": (b'<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="0s" end="1s">' + b"<span>" * 100_000,
             "no-cues"),
    "hours of 5000 digits": (b"9" * 5000 + b":00:00,000 --> " + b"9" * 5000 + b":00:01,000\nA\n", "no-cues"),
    "frames of 5000 digits": (b"{1}{" + b"9" * 5000 + b"}A\n", "not-subtitles"),
    "random": (bytes(range(256)) * 400, "unknown-format"),
}


@pytest.mark.parametrize("name", SUBTITLES)
def test_subtitles_that_mean_harm_are_refused_quickly(name: str, tools: Tools, sandbox: Sandbox,
                                                      tmp_path: Path) -> None:
    data, code = SUBTITLES[name]
    source = tmp_path / "film.sub"
    source.write_bytes(data)
    began = time.monotonic()
    with pytest.raises(Refused) as raised:
        sidecars.inspect(tools, sandbox, source, Intent("subtitles"))
        sidecars.read_text(source, "", 25.0)
    assert raised.value.code == code
    assert raised.value.message.endswith(".")
    assert time.monotonic() - began < 15


def test_a_file_of_100_mb_is_not_even_read(tools: Tools, sandbox: Sandbox, tmp_path: Path) -> None:
    source = tmp_path / "film.srt"
    with source.open("wb") as stream:
        stream.write(b"1\n00:00:01,000 --> 00:00:02,000\nA\n")
        stream.truncate(100 * 2**20)
    with pytest.raises(Refused) as raised:
        sidecars.inspect(tools, sandbox, source, Intent("subtitles"))
    assert raised.value.code == "too-large"


def test_cues_that_all_last_for_hours_do_not_fill_the_disk(tmp_path: Path) -> None:
    """Each stands in every segment that it spans: twenty thousand cues would become thirty gigabytes."""
    cues = [Cue(n, 7_200_000, f"line {n} " + "x" * 1000) for n in range(20_000)]
    with pytest.raises(Refused) as raised:
        subtitles.write_track(cues, tmp_path, "subs_en", subtitles.Fraction(6), subtitles.Fraction(7200))
    assert raised.value.code == "too-large"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.vtt")) < 2 * subtitles.MAX_WRITTEN


@pytest.mark.parametrize(("text", "clean"), [
    ("<script>alert(1)</script>", "alert(1)"), ("<img src=x onerror=alert(1)>Hi", "Hi"),
    ("<scr<script>ipt>alert(1)</scr</script>ipt>", "&lt;script&gt;alert(1)&lt;/scr</script>ipt&gt;"),
    ("&lt;script&gt;", "&lt;script&gt;"), ("<b onclick=x()>bold</b>", "<b>bold</b>"),
    ("a\n\n00:00:01.000 --> 00:00:09.000\nforged", "a\n00:00:01.000 --&gt; 00:00:09.000\nforged"),
    ("<" + "a" * 200_000, "&lt;" + "a" * 200_000), ("<" * 50_000, "&lt;" * 50_000)])
def test_text_is_tamed_and_in_no_time(text: str, clean: str) -> None:
    began = time.monotonic()
    found = cleaned(text)
    assert time.monotonic() - began < 2
    assert "<script" not in found
    assert "onerror" not in found
    if "scr<" not in text:
        assert found == clean


@given(st.text(alphabet="<>/abiuv &;{}\\-:.,0123456789\n", max_size=60))
def test_no_text_breaks_out_of_its_cue(text: str) -> None:
    written = subtitles.render([Cue(0, 1000, cleaned(text) or "x")])
    assert written.count("-->") == 1
    assert written.count("\n\n") == 1
