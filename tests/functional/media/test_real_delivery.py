"""Access through the servers that operators run: gunicorn alone, and nginx before it with the shipped configuration."""
from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from moviepoint.cli.check import proxy_faults
from moviepoint.domains.accounts.models import User
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import access
from moviepoint.domains.media.models import Edition, SubtitleTrack, VideoRendition
from moviepoint.domains.media.seats import count
from moviepoint.domains.media.watch_models import WatchLink, WatchRule
from moviepoint.kernel.db import unit_of_work, utcnow
from moviepoint.settings import Settings
from tests.functional.media.house import House
from tests.functional.media.packages import audio
from tests.functional.media.serving import NGINX, Gunicorn, gunicorn, make_token, nginx, raw_get

SECRET = b"MEDIA-BYTES-" * 20_000  # in every file that somebody could be after
SEGMENT = "stream_0/data0000.ts"
MIB = 2**20
WAYS = ["gunicorn", pytest.param("nginx", marks=pytest.mark.skipif(
    NGINX is None, reason="nginx is not installed (apt-get install nginx)"))]


@dataclass
class Film:
    """A film on a served site: its edition, its package's name, and a valid token."""

    edition: str
    package: str
    token: str

    @property
    def prefix(self) -> str:
        return f"/media/{self.token}/{self.edition}/{self.package}"


@dataclass
class Place:
    """A running site and its films; `url` is that of the server in front."""

    url: str
    server: Gunicorn
    house: House
    film: Film
    other: Film

    def get(self, path: str) -> int:
        return raw_get(self.url, path)[0]


def add_film(house: House, name: str) -> Film:
    """Publish a film whose package is one segment of well-known bytes."""
    with unit_of_work() as session:
        title = Title(kind="film", slug=name, original_title=name, status="published")
        session.add(title)
        session.flush()
        edition = Edition(title_id=title.id, package=f"packages/{name}", duration_ms=6000)
        edition.video = [VideoRendition(path="stream_0", width=320, height=180, codec="avc1.64001f", frame_rate=24.0,
                                        average_bandwidth=200_000, peak_bandwidth=250_000)]
        edition.audio = [audio("audio_en", "en", default=True)]
        edition.subtitles = [SubtitleTrack(path="subs_en", language="en")]
        session.add(edition)
        session.flush()
        public = edition.public_id
    for part in (SEGMENT, "audio_en/data0000.ts", "subs_en/data0000.vtt", "storyboard/0000.jpg", ".work/data0000.ts"):
        house.storage.put(f"packages/{name}/{part}", SECRET)
    house.storage.put(f"packages/{name}/stream_0.m3u8", b"#EXTM3U\n#EXTINF:6,\nstream_0/data0000.ts\n#EXT-X-ENDLIST\n")
    token, _expires = access.sign(house.settings.secret_key, public, name, access.PUBLIC)
    return Film(public, name, token)


@pytest.fixture
def place(house: House, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    film, other = add_film(house, "one"), add_film(house, "two")
    house.storage.put("packages/secret.ts", SECRET)
    house.storage.put("uploads/secret.ts", SECRET)
    package = house.storage.path("packages/one")
    (package / "stream_0" / "link.ts").symlink_to(house.storage.path("uploads/secret.ts"))
    (package / "stream_9").symlink_to(house.storage.path("packages/two/stream_0"), target_is_directory=True)
    if request.param == "gunicorn":
        with gunicorn(house) as server:
            yield Place(server.url, server, house, film, other)
        return
    with gunicorn(house, accelerate="/moviepoint-media/", trusted_proxies="1") as server:
        folder = tmp_path / "nginx"
        folder.mkdir()
        with nginx(server, house, folder) as url:
            yield Place(url, server, house, film, other)


def tampered(place: Place) -> list[str]:
    """Return addresses that must give nothing: paths out of a package, and tokens that are not for it."""
    film, other = place.film, place.other
    base, token = film.prefix, film.token
    audience, _, rest = token.partition(".")
    expires, _, mac = rest.partition("-")
    secret = place.house.settings.secret_key
    old, _ = access.sign(secret, film.edition, film.package, access.PUBLIC, time.time() - 2 * access.LIFETIME)
    nobody, _ = access.sign(secret, film.edition, film.package, access.user(999))
    paths = [
        "../two/stream_0/data0000.ts", "../secret.ts", "stream_0/../../secret.ts", "stream_0/../../two/" + SEGMENT,
        "%2e%2e/secret.ts", "%2e%2e%2fsecret.ts", "..%2fsecret.ts", "..%2Fsecret.ts", "%252e%252e%252fsecret.ts",
        "%252e%252e/secret.ts", "..%5csecret.ts", "..\\secret.ts", "..%255csecret.ts", "stream_0\\data0000.ts",
        "stream_0%5cdata0000.ts", "..%c0%afsecret.ts", "%c0%ae%c0%ae/secret.ts", "%e0%80%ae%e0%80%ae/secret.ts",
        "．．/secret.ts", "%ef%bc%8e%ef%bc%8e/secret.ts", "..%e2%88%95secret.ts", "..%ef%bc%8fsecret.ts",
        "..;/secret.ts", "....//secret.ts", ".../secret.ts", "stream_0/%00data0000.ts", "stream_0/data0000.ts%00.m3u8",
        "stream_0/data0000.ts%00", "%00/../secret.ts", "stream_0/link.ts", "stream_9/data0000.ts", ".work/data0000.ts",
        "%2ework/data0000.ts", "stream_0/../.work/data0000.ts", "STREAM_0/data0000.ts", "stream_0/DATA0000.TS",
        "stream_0/data0000.TS", "stream_0/data0000.ts/", "stream_0/data0000", "stream_0/", "stream_0", ".",
        "stream_0/data0000.ts%20", "stream_0/data0000.ts.", "stream_0/data0000%2ets%3f", "/etc/passwd",
        "//etc/passwd.ts", "file:///etc/passwd.ts", "stream_0/%2e%2e/%2e%2e/%2e%2e/uploads/secret.ts",
        "stream_0/data0000.ts%0d%0aX: y",
        "stream_0/data0000.ts%0aX-Accel-Redirect:/moviepoint-media/secret.ts", "%2fmoviepoint-media%2fsecret.ts"]
    tokens = [
        other.token, token.upper(), token[:-1], token + "A",
        token[:-1] + ("%42" if token[-1] == "A" else "%41"), token + "%00", token + "=", "", "-",
        mac, f"{audience}.{expires}", f"{audience}.{expires}-", f"{audience}.0{expires}-{mac}",
        f"{audience}.{expires.upper()}-{mac}" if expires.upper() != expires else f"a.{expires}-{mac}",
        f"s.{expires}-{mac}", f"u1.{expires}-{mac}", f"{audience}.{int(expires, 16) + 3600:x}-{mac}", old, nobody,
        f"{audience}.{expires}-{mac[:-1]}ａ", f"%70.{expires}-{mac[::-1]}", f"{audience}%2e{expires}-{'A' * 24}"]
    return [
        *(f"{base}/{path}" for path in paths),
        *(f"/media/{one}/{film.edition}/{film.package}/{SEGMENT}" for one in tokens),
        f"/media/{token}/{other.edition}/{other.package}/{SEGMENT}",
        f"/media/{token}/{film.edition}/{other.package}/{SEGMENT}",
        f"/media/{token}/{other.edition}/{film.package}/{SEGMENT}",
        f"/media/{token}/{film.edition}/../two/{SEGMENT}", f"/media/{token}/{film.edition}/%2e%2e/{SEGMENT}",
        f"/media/{token}/{film.edition.upper()}x/{film.package}/{SEGMENT}", f"/media/{token}/{film.package}/{SEGMENT}",
        f"/moviepoint-media/one/{SEGMENT}", "/moviepoint-media/../uploads/secret.ts", "/moviepoint-media/secret.ts",
        f"//moviepoint-media/one/{SEGMENT}", f"/moviepoint-media%2fone/{SEGMENT}", f"/%6doviepoint-media/one/{SEGMENT}",
        f"/x/../moviepoint-media/one/{SEGMENT}", f"/media/../moviepoint-media/one/{SEGMENT}",
        "/media/packages/secret.ts", f"/media/x/../packages/one/{SEGMENT}",
        f"{base}/{SEGMENT}?x=/../../secret.ts".replace(token, old)]


@pytest.mark.parametrize("place", WAYS, indirect=True)
def test_no_tampering_gives_a_byte_of_media(place: Place) -> None:
    base = place.film.prefix
    for part in (SEGMENT, "audio_en/data0000.ts", "subs_en/data0000.vtt", "storyboard/0000.jpg"):
        status, body, headers = raw_get(place.url, f"{base}/{part}")
        assert (status, body == SECRET) == (200, True)
        assert "x-accel-redirect" not in headers
    assert place.get(f"{base}/master.m3u8") == 200
    given = {}
    for path in tampered(place):
        for headers in ({}, {"Range": "bytes=0-99"}, {"X_Accel_Redirect": "/moviepoint-media/secret.ts"}):
            status, body, _headers = raw_get(place.url, path, **headers)
            if status not in (400, 403, 404, 308) or b"MEDIA-BYTES" in body:  # 400: not even HTTP
                given[path] = (status, body[:20])
    assert given == {}


@pytest.mark.parametrize("place", WAYS, indirect=True)
def test_ranges_and_repeated_requests_are_answered(place: Place) -> None:
    address = f"{place.film.prefix}/{SEGMENT}"
    status, body, headers = raw_get(place.url, address, Range="bytes=6-16")
    assert (status, body, headers["content-type"]) == (206, SECRET[6:17], "video/mp2t")
    assert "max-age" in headers["cache-control"]
    tag = raw_get(place.url, address)[2]["etag"]
    status, body, _headers = raw_get(place.url, address, If_None_Match=tag)
    assert (status, body) == (304, b"")
    assert raw_get(place.url, address, Range="bytes=99999999-")[0] == 416


@pytest.mark.parametrize("place", WAYS, indirect=True)
def test_whoever_may_not_watch_any_more_is_stopped_within_a_minute(place: Place) -> None:
    house, film = place.house, place.film
    user_id, _token = make_token(house, "editor")
    with unit_of_work() as session:
        edition = session.scalars(select(Edition).where(Edition.public_id == film.edition)).one()
        link = WatchLink(edition_id=edition.id, label="Jury", expires_at=utcnow().replace(year=2100))
        session.add_all([link, WatchRule(title_id=edition.title_id, audience="registered")])
        session.flush()
        link_id, title_id = link.id, edition.title_id

    def address(audience: str) -> str:
        token, _expires = access.sign(house.settings.secret_key, film.edition, film.package, audience)
        return f"/media/{token}/{film.edition}/{film.package}/{SEGMENT}"

    def gone(path: str) -> None:
        end = time.monotonic() + 60
        while (status := place.get(path)) == 200 and time.monotonic() < end:
            time.sleep(0.5)
        assert status == 403

    mine, jury, public = address(access.user(user_id)), address(access.link(link_id)), address(access.PUBLIC)
    assert (place.get(mine), place.get(jury), place.get(public)) == (200, 200, 403)
    with unit_of_work() as session:
        session.get_one(User, user_id).active = False
        session.get_one(WatchLink, link_id).revoked_at = utcnow()
    begun = time.monotonic()
    gone(mine)
    gone(jury)
    assert time.monotonic() - begun < 30
    with unit_of_work() as session:
        session.get_one(Title, title_id).status = "draft"
        session.get_one(User, user_id).active = True
    gone(public)


def slow_viewers(place: Place, address: str, count: int) -> list[socket.socket]:
    """Open connections that have asked for a large file and read next to nothing of it."""
    where, viewers = urlsplit(place.url), []
    for _ in range(count):
        viewer = socket.create_connection((where.hostname or "", where.port or 80), timeout=20)
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        viewer.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert viewer.recv(64).startswith(b"HTTP/1.1 200")
        viewers.append(viewer)
    return viewers


@pytest.mark.parametrize("place", WAYS, indirect=True)
def test_slow_viewers_cost_neither_memory_nor_the_pages(place: Place) -> None:
    large = place.house.storage.path("packages/one/stream_0/data0001.ts")
    with large.open("wb") as stream:
        stream.truncate(64 * MIB)
    address = f"{place.film.prefix}/stream_0/data0001.ts"
    for _ in range(4):
        assert place.get("/en/") == 200
    before = place.server.memory()
    viewers = slow_viewers(place, address, 16)
    try:
        begun = time.monotonic()
        assert place.get("/en/") == 200
        assert time.monotonic() - begun < 5
        for _ in range(5):
            for viewer in viewers:
                assert viewer.recv(4096)
        assert place.server.memory() - before < 24 * MIB
    finally:
        for viewer in viewers:
            viewer.close()


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx)")
@pytest.mark.parametrize("place", ["nginx"], indirect=True)
def test_check_says_when_a_proxy_takes_less_than_a_chunk(place: Place, tmp_path: Path) -> None:
    wide = Settings(instance=place.house.settings.instance, base_url=place.url)
    assert list(proxy_faults(wide)) == []
    folder = tmp_path / "narrow"
    folder.mkdir()
    with nginx(place.server, place.house, folder, body="1m") as url:
        faults = list(proxy_faults(Settings(instance=place.house.settings.instance, base_url=url)))
    assert [fault.name for fault in faults] == ["upload_chunk_bytes"]
    assert "client_max_body_size" in faults[0].remedy
    assert list(proxy_faults(Settings(base_url="http://127.0.0.1:9"))) == []  # nobody there: nothing is known


@pytest.mark.parametrize("place", ["gunicorn"], indirect=True)
def test_viewers_who_read_nothing_never_have_all_threads(place: Place) -> None:
    """The server has 24 threads and 48 seats by its settings: six threads stay with the pages all the same."""
    large = place.house.storage.path("packages/one/stream_0/data0001.ts")
    with large.open("wb") as stream:
        stream.truncate(64 * MIB)
    where, viewers, answers = urlsplit(place.url), [], []
    try:
        for _ in range(30):
            viewer = socket.create_connection((where.hostname or "", where.port or 80), timeout=10)
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            viewer.sendall(f"GET {place.film.prefix}/stream_0/data0001.ts HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            viewers.append(viewer)
            answers.append(viewer.recv(64).split()[1])
        assert answers.count(b"200") == 18
        assert answers.count(b"503") == 12
        begun = time.monotonic()
        assert place.get("/en/") == 200
        assert time.monotonic() - begun < 5
    finally:
        for viewer in viewers:
            viewer.close()
    assert "Media for up to 18 viewers at once" in place.server.output.read_text()


@pytest.mark.parametrize(("threads", "streams", "seats"), [
    (64, 48, 48), (48, 48, 36), (24, 48, 18), (8, 48, 6), (4, 48, 2), (2, 48, 1), (1, 48, 1), (64, 10, 10)])
def test_seats_leave_threads_to_the_pages(threads: int, streams: int, seats: int) -> None:
    assert count(Settings(media_streams=streams), threads) == seats
