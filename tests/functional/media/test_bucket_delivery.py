"""Films that lie in a bucket, on their way to viewers: led there or passed on, and to nobody else."""
from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from threading import BoundedSemaphore
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import msgspec
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import update
from sqlalchemy.orm import Session

from moviepoint.app import MoviePoint, create_app
from moviepoint.cli import check_bucket
from moviepoint.cli.check_bucket import bucket_faults
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.media import access
from moviepoint.domains.media.encoding import storyboard
from moviepoint.domains.media.models import Edition
from moviepoint.domains.media.remote import index, sending
from moviepoint.domains.media.remote.index import Copy
from moviepoint.domains.media.watch_models import WatchRule
from moviepoint.kernel import bucket as kernel
from moviepoint.kernel.bucket import Bucket
from moviepoint.kernel.db import unit_of_work
from moviepoint.settings import Fault, Settings
from tests.functional.media.packages import prefix
from tests.functional.media.serving import anonymous
from tests.functional.media.stored import (  # noqa: F401 -- fixtures among them
    LARGE,
    PREFIX,
    SEGMENTS,
    SMALL,
    empty_s3,
    film_to_store,
    grow_old,
    published_film,
    running_server,
    site_with_bucket,
    store_all,
    use_bucket,
)
from tests.s3_server import SECRET, S3Server, bucket_settings

NAME = "stream_0/data0003.ts"
BODY = SEGMENTS[NAME]
MIB = 2**20


@pytest.fixture
def base(app: MoviePoint, client: FlaskClient, stored_film: Edition) -> str:
    """Return the signed prefix of a film that only the bucket has."""
    store_all(app)
    return prefix(client, stored_film)


@pytest.fixture
def passing(app: MoviePoint, s3: S3Server, base: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same where the site passes the bytes on."""
    use_bucket(app, s3, monkeypatch, s3_delivery="proxy")
    return base


def fetched(address: str) -> bytes:
    with urlopen(address, timeout=5) as answer:
        return bytes(answer.read())


def test_a_viewer_is_led_to_the_object_and_nobody_is_asked(
        client: FlaskClient, s3: S3Server, base: str, count_queries: Callable[[], Iterator[list[str]]],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviepoint.domains.media.delivery.FRESH_SECONDS", 60.0)
    client.get(f"{base}/{NAME}")
    asked = len(s3.asked)
    with count_queries() as statements:
        answer = client.get(f"{base}/{NAME}")
    assert (answer.status_code, answer.data, statements, len(s3.asked)) == (302, b"", [], asked)
    address = answer.headers["Location"]
    token = base.split("/")[2]
    assert address.startswith(f"{s3.url}/films/{PREFIX}/packages/abc/{NAME}?")
    assert token not in address
    assert "session" not in address
    assert answer.headers["Cache-Control"] == f"private, max-age={sending.LEAD_KEPT}"
    assert sending.LEAD_KEPT < sending.LEAD_SECONDS <= 55  # and five that an answer is remembered: under a minute
    assert f"X-Amz-Expires={sending.LEAD_SECONDS}&" in address
    assert "Set-Cookie" not in answer.headers
    for name, body in LARGE.items():
        assert fetched(client.get(f"{base}/{name}").headers["Location"]) == body
    for name, body in SMALL.items():
        if name.endswith((".m3u8", ".vtt")):
            assert client.get(f"{base}/{name}").data == body


def test_a_head_is_led_to_a_head(client: FlaskClient, s3: S3Server, base: str) -> None:
    place = urlsplit(client.head(f"{base}/{NAME}").headers["Location"])
    connection = HTTPConnection(place.netloc, timeout=5)
    try:
        connection.request("HEAD", f"{place.path}?{place.query}")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Content-Length")) == (200, str(len(BODY)))
    finally:
        connection.close()


def test_what_is_passed_on_is_whole_or_in_ranges(client: FlaskClient, passing: str,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BLOCK", 700)
    address = f"{passing}/{NAME}"
    whole = client.get(address)
    assert (whole.status_code, whole.data, whole.mimetype) == (200, BODY, "video/mp2t")
    assert whole.headers["Content-Length"] == str(len(BODY))
    assert "s-maxage" in whole.headers["Cache-Control"]
    for wanted, start, end in (("bytes=0-9", 0, 10), ("bytes=695-1405", 695, 1406), ("bytes=2990-", 2990, len(BODY)),
                               ("bytes=-5", len(BODY) - 5, len(BODY)), ("bytes=100-99999", 100, len(BODY))):
        part = client.get(address, headers={"Range": wanted})
        assert (part.status_code, part.data) == (206, BODY[start:end]), wanted
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(BODY)}"
        assert part.headers["Content-Length"] == str(end - start)
    assert client.get(address, headers={"Range": "bytes=99999-"}).status_code == 416
    same = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    other = client.get(address, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (other.status_code, other.data) == (200, BODY)
    head = client.head(address)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(BODY)))


def test_only_the_wanted_range_is_asked_of_the_bucket(client: FlaskClient, passing: str, app: MoviePoint,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    used, asked = app.extensions[kernel.EXTENSION], []
    read = used.read
    monkeypatch.setattr(used, "read", lambda key, start, end: (asked.append((start, end)), read(key, start, end))[1])
    client.get(f"{passing}/{NAME}", headers={"Range": "bytes=100-299"})
    client.head(f"{passing}/{NAME}")
    assert asked == [(100, 300)]


def test_seats_are_taken_and_given_back_whatever_happens(app: MoviePoint, client: FlaskClient, s3: S3Server,
                                                         passing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "moviepoint.media_seats", BoundedSemaphore(1))
    address = f"{passing}/{NAME}"
    begun = client.get(address, buffered=False)
    refused = client.get(address)
    assert (refused.status_code, "Too many people" in refused.json["detail"]) == (503, True)
    begun.close()
    for headers in ({}, {"Range": "bytes=0-1"}, {"Range": "bytes=99999-"}, {}):
        client.get(address, headers=headers)
        client.head(address)
    s3.away = True
    assert client.get(address).status_code == 503
    s3.away = False
    assert client.get(address).data == BODY


def test_what_the_bucket_says_is_said_in_words(app: MoviePoint, client: FlaskClient, s3: S3Server, passing: str,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    s3.away = True
    away = client.get(f"{passing}/{NAME}")
    assert (away.status_code, "does not answer" in away.json["detail"]) == (503, True)
    s3.away = False
    del s3.backend.get_bucket("films").keys[f"{PREFIX}/packages/abc/{NAME}"]
    lost = client.get(f"{passing}/{NAME}")
    assert (lost.status_code, "missing" in lost.json["detail"]) == (404, True)
    monkeypatch.setitem(app.extensions, kernel.EXTENSION, None)  # the setting is gone, and the film is there still
    assert client.get(f"{passing}/stream_0/data0001.ts").status_code == 503


@pytest.mark.parametrize("way", ["redirect", "proxy"])
def test_nobody_else_gets_an_address_or_a_byte(
        app: MoviePoint, client: FlaskClient, s3: S3Server, base: str, stored_film: Edition, way: str,
        monkeypatch: pytest.MonkeyPatch) -> None:
    use_bucket(app, s3, monkeypatch, s3_delivery=way)
    secret = app.extensions["moviepoint.settings"].secret_key
    public, token = stored_film.public_id, base.split("/")[2]
    old, _ = access.sign(secret, public, "abc", access.PUBLIC, time.time() - 2 * access.LIFETIME)
    nobody, _ = access.sign(secret, public, "abc", access.user(999))
    other, _ = access.sign(secret, public, "abcd", access.PUBLIC)
    names = ["../abc/" + NAME, "stream_0/../../abc/" + NAME, "STREAM_0/data0003.ts", "stream_0/DATA0003.TS",
             "stream_0/data0003.ts/", "stream_0//data0003.ts", "stream_0/./data0003.ts", "stream_0/data0003.TS",
             "stream_0/data0099.ts", "stream_0", "stream_0/", ".stored/stream_0", "stream_0/.data0003.ts",
             "./stream_0/data0003.ts", "stream_0/%00data0003.ts", "stream_0/data0003.ts%00", "stream_0%5cdata0003.ts",
             "%2e%2e/abc/stream_0/data0003.ts", "stream_0/data0003.ts%20",
             "x" * 300 + "/data0003.ts", "stream_0/" + "x" * 300 + ".ts", ".stored/stream_0.ts", "data0003.ts"]
    paths = [f"{base}/{name}" for name in names]
    paths += [f"/media/{one}/{public}/abc/{NAME}" for one in (old, nobody, other, token[:-1], token.upper(), "x", "")]
    paths += [f"/media/{token}/{public}/abcd/{NAME}", f"/media/{token}/{'0' * 24}/abc/{NAME}"]
    for path in paths:
        answer = client.get(path)
        assert answer.status_code in (403, 404, 308), path
        assert "X-Amz" not in answer.headers.get("Location", ""), path
        assert BODY not in answer.data
    assert client.get(f"{base}/{NAME}").status_code in (200, 302)
    with unit_of_work() as session:
        session.add(WatchRule(title_id=stored_film.title_id, audience="registered"))
    assert client.get(f"{base}/{NAME}").status_code == 403
    with unit_of_work() as session:
        session.execute(update(Title).values(status="draft"))
    answer = client.get(f"{base}/{NAME}")
    assert (answer.status_code, "Location" in answer.headers) == (403, False)


def test_an_address_ends_within_the_minute_and_opens_nothing_else(client: FlaskClient, s3: S3Server, base: str) -> None:
    address = client.get(f"{base}/{NAME}").headers["Location"]
    assert fetched(address) == BODY
    for wrong in (address.replace("data0003", "data0002"), address.replace("/abc/", "/abcd/")):
        with pytest.raises(HTTPError) as refused:
            fetched(wrong)
        refused.value.close()
        assert refused.value.code == 403
    s3.ahead = 43
    assert fetched(address) == BODY
    s3.ahead = 46
    with pytest.raises(HTTPError) as late:
        fetched(address)
    late.value.close()
    assert late.value.code == 403


def test_pages_may_fetch_from_the_bucket_only_where_they_are_led_there(
        app: MoviePoint, client: FlaskClient, s3: S3Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    def policy() -> dict[str, list[str]]:
        parts = client.get("/en/").headers["Content-Security-Policy"].split("; ")
        return {part.split()[0]: part.split()[1:] for part in parts}

    for name in ("connect-src", "media-src", "img-src"):
        assert s3.url in policy()[name]
    assert s3.url not in " ".join(policy()["script-src"] + policy()["default-src"])
    use_bucket(app, s3, monkeypatch, s3_delivery="proxy")
    assert not any(s3.url in places for places in policy().values())


def test_a_still_is_cut_out_of_a_sheet_in_the_bucket(app: MoviePoint, client: FlaskClient, s3: S3Server,
                                                     stored_film: Edition) -> None:
    storage, sheet = app.extensions["moviepoint.storage"], io.BytesIO()
    Image.new("RGB", (320, 90), "red").save(sheet, "JPEG")
    storage.put("packages/abc/storyboard/0000.jpg", sheet.getvalue())
    storage.put(f"packages/abc/{storyboard.index_name('storyboard')}",
                b"WEBVTT\n\n00:00.000 --> 00:02.000\nstoryboard/0000.jpg#xywh=160,0,160,90\n")
    storage.delete("packages/abc/stills")
    grow_old(storage.path("packages/abc"))
    store_all(app)
    assert not storage.exists("packages/abc/storyboard/0000.jpg")
    answer = client.get(f"{prefix(client, stored_film)}/storyboard/still/0.jpg")
    assert Image.open(io.BytesIO(answer.data)).size == (160, 90)


def said(app: MoviePoint, s3: S3Server, monkeypatch: pytest.MonkeyPatch, **more: object) -> list[Fault]:
    settings = msgspec.structs.replace(app.extensions["moviepoint.settings"], **bucket_settings(s3, **more))
    monkeypatch.setitem(app.extensions, "moviepoint.settings", settings)
    faults = list(bucket_faults())
    assert not any(SECRET in str(fault) for fault in faults)
    return faults


def test_check_uses_the_bucket_and_says_what_is_wrong(app: MoviePoint, session: Session, s3: S3Server, bucket: Bucket,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_bucket, "SECONDS", 1.0)
    assert said(app, s3, monkeypatch) == []
    assert list(s3.keys()) == [f"{PREFIX}/moviepoint-site"]  # what was tried with is gone
    fault, = said(app, s3, monkeypatch, s3_secret_key="wrong")
    assert ("refuses" in fault.problem, "both keys" in fault.remedy) == (True, True)
    fault, = said(app, s3, monkeypatch, s3_bucket="no-such")
    assert "knows no bucket" in fault.problem
    begun = time.monotonic()
    fault, = said(app, s3, monkeypatch, s3_endpoint="http://192.0.2.1:9")  # nobody's: packets are lost
    assert "does not answer" in fault.problem
    assert time.monotonic() - begun < 5
    s3.cors = False
    fault, = said(app, s3, monkeypatch)
    assert ("CORS" in fault.problem, '"AllowedMethods": ["GET", "HEAD"]' in fault.remedy) == (True, True)
    assert said(app, s3, monkeypatch, s3_delivery="proxy") == []
    s3.refuse = lambda method, path: 403 if method == "DELETE" or "delete" in path or method == "POST" else 0
    fault, = said(app, s3, monkeypatch, s3_delivery="proxy")
    assert "refuses" in fault.problem


def test_check_says_when_films_lie_in_a_bucket_that_is_not_set(app: MoviePoint, base: str,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "moviepoint.settings",
                        msgspec.structs.replace(app.extensions["moviepoint.settings"], s3_bucket=""))
    fault, = bucket_faults()
    assert ("1 film(s) lie in a bucket" in fault.problem, "media fetch" in fault.remedy) == (True, True)


def test_passing_on_a_large_object_costs_no_memory(app: MoviePoint, client: FlaskClient, s3: S3Server,
                                                   passing: str) -> None:
    size, got, most = 200 * MIB, 0, 0
    s3.huge[f"/films/{PREFIX}/packages/abc/stream_9/data0000.ts"] = size
    index.write(app.extensions["moviepoint.storage"], "abc", "stream_9", {"data0000.ts": Copy(size, "tag", "abc")})
    client.get(f"{passing}/stream_9/data0000.ts", headers={"Range": "bytes=0-9"})
    before = anonymous(os.getpid())
    answer = client.get(f"{passing}/stream_9/data0000.ts", buffered=False)
    for block in answer.iter_encoded():
        got += len(block)
        most = max(most, anonymous(os.getpid()))
    answer.close()
    assert got == size
    assert most - before < 32 * MIB  # of this process, in which the S3 server is too


def test_a_site_without_a_bucket_opens_none(tmp_path: object) -> None:
    app = create_app(Settings(instance=tmp_path, plugins=(), rate_limits=False))  # type: ignore[arg-type]
    assert (app.extensions[kernel.EXTENSION], app.extensions[kernel.FILMS_ORIGIN]) == (None, "")
