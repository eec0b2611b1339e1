"""The bucket behind its protocol, against a real S3 server that checks each signature."""
from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from flask import Flask

from moviepoint.kernel import bucket as kernel
from moviepoint.kernel.bucket import BucketAway, BucketRefused, Missing, S3Bucket
from moviepoint.settings import SECRETS, Settings, SettingsError, load_settings
from tests.s3_server import KEY, SECRET, S3Server, bucket_settings, s3_server

ODD = "packages/a b/стрим_0/data #1%2F?&+=é\u200b.ts"
GOOD = {"S3_BUCKET": "films", "S3_REGION": "eu-central-1", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "hidden-words"}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as made:
        yield made


@pytest.fixture
def s3(server: S3Server) -> S3Server:
    server.empty()
    return server


def opened(s3: S3Server, **more: object) -> S3Bucket:
    return S3Bucket(Settings(**bucket_settings(s3, **more)), quick=3, retries=0)


def status(request: str | Request) -> int:
    try:
        with urlopen(request, timeout=5) as answer:
            answer.read()
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_an_object_of_any_name_is_written_read_copied_and_removed(s3: S3Server, tmp_path: Path) -> None:
    bucket, body = opened(s3, s3_prefix="site/films"), bytes(range(256)) * 40
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(body)
    bucket.put(ODD, source, "video/mp2t")
    assert s3.keys() == {f"site/films/{ODD}": body}
    item = bucket.head(ODD)
    assert (item.key, item.size, item.tag) == (ODD, len(body), hashlib.md5(body).hexdigest())
    assert bucket.read(ODD, 250, 260) == body[250:260]
    bucket.fetch(ODD, target)
    assert target.read_bytes() == body
    bucket.copy(ODD, "packages/b/x.ts")
    assert [found.key for found in bucket.items("packages/b")] == ["packages/b/x.ts"]
    assert sorted(bucket.folders("packages")) == ["a b", "b"]
    with urlopen(bucket.address(ODD, 30), timeout=5) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (body, "video/mp2t")
        assert "private" in answer.headers["Cache-Control"]
    bucket.remove([ODD, "packages/b/x.ts", "packages/never-was"])
    assert s3.keys() == {}


def test_a_listing_has_more_than_one_page(s3: S3Server) -> None:
    for number in range(1203):
        s3.backend.put_object("films", f"packages/a/s/{number:04d}.ts", b"x")
    assert len({item.key for item in opened(s3).items("packages/a/s")}) == 1203


def test_what_is_large_is_sent_in_parts(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ONE_PIECE", 2**20)
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * 2**15 * 2)
    opened(s3).put("large.ts", source, "video/mp2t")
    assert s3.keys()["large.ts"] == source.read_bytes()
    assert sum(line.startswith("PUT") for line in s3.asked) > 1


def test_each_error_says_what_it_is_and_no_secret(s3: S3Server) -> None:
    bucket = opened(s3)
    for ask in (lambda: bucket.head("none"), lambda: bucket.read("none", 0, 4), lambda: bucket.copy("none", "b"),
                lambda: opened(s3, s3_bucket="no-such").put("x", b"x", "a/b"),
                lambda: list(opened(s3, s3_bucket="no-such").items("x"))):
        with pytest.raises(Missing):
            ask()
    for wrong in ({"s3_secret_key": "another"}, {"s3_access_key": "another"}, {"s3_region": "us-east-9"}):
        with pytest.raises(BucketRefused) as refused:
            opened(s3, **wrong).put("x", b"x", "a/b")
        assert SECRET not in str(refused.value)
    s3.away = True
    with pytest.raises(BucketAway) as away:
        bucket.read("x", 0, 1)
    assert SECRET not in str(away.value)
    begun = time.monotonic()
    with pytest.raises(BucketAway):
        opened(s3, s3_endpoint="http://127.0.0.1:9").put("x", b"x", "a/b")
    assert time.monotonic() - begun < 3
    assert s3.keys() == {}


def test_a_server_that_never_answers_is_given_up(s3: S3Server) -> None:
    hanging = threading.Event()
    s3.refuse = lambda _method, _path: 503 if hanging.wait(20) else 0
    begun = time.monotonic()
    with pytest.raises(BucketAway):
        S3Bucket(Settings(**bucket_settings(s3)), quick=0.5, retries=0).head("x")
    hanging.set()
    assert time.monotonic() - begun < 4


def test_an_address_opens_one_object_for_one_method_and_ends(s3: S3Server) -> None:
    bucket = opened(s3)
    bucket.put("packages/a/s/one.ts", b"one", "video/mp2t")
    bucket.put("packages/a/s/two.ts", b"two", "video/mp2t")
    asked = len(s3.asked)
    address = bucket.address("packages/a/s/one.ts", 300)
    head = bucket.address("packages/a/s/one.ts", 300, "HEAD")
    assert len(s3.asked) == asked  # nobody was asked
    assert status(address) == 200
    assert status(Request(head, method="HEAD")) == 200
    for other in (address.replace("one.ts", "two.ts"), address.replace("one.ts", ""), address.partition("?")[0],
                  address.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"), address + "&x=1", head):
        assert status(other) == 403, other
    for method in ("PUT", "DELETE", "HEAD", "POST"):
        assert status(Request(address, method=method, data=b"x" if method in ("PUT", "POST") else None)) == 403
    s3.ahead = 240
    assert status(address) == 200
    s3.ahead = 301
    assert status(address) == 403


def test_addresses_lead_where_viewers_are_and_where_the_policy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT_URL", "http://elsewhere.example"), ("SESSION_TOKEN", "foreign"), ("REGION", "x"),
                        ("SKIP_SIGNATURE", "true"), ("VIRTUAL_HOSTED_STYLE_REQUEST", "true")):
        monkeypatch.setenv(f"AWS_{name}", value)  # of another program on this machine
    keys = {"s3_bucket": "films", "s3_access_key": KEY, "s3_secret_key": SECRET}
    for settings, begins in (
            ({"s3_region": "eu-central-1"}, "https://s3.eu-central-1.amazonaws.com/films/k"),
            ({"s3_endpoint": "https://s3.example.org"}, "https://s3.example.org/films/k"),
            ({"s3_endpoint": "http://10.0.0.1:9000", "s3_public_endpoint": "https://films.example.org"},
             "https://films.example.org/k"),
            ({"s3_endpoint": "https://films.s3.example.org"}, "https://films.s3.example.org/k")):
        app, made = Flask("x"), Settings(**keys, **settings)
        kernel.init_app(app, made)
        address = app.extensions[kernel.EXTENSION].address("k", 5)
        assert address.startswith(begins), address
        assert "foreign" not in address
        assert "X-Amz-Signature=" in address
        place = urlsplit(address)
        assert app.extensions[kernel.FILMS_ORIGIN] == f"{place.scheme}://{place.netloc}"
    app = Flask("x")
    kernel.init_app(app, Settings(**keys, s3_region="x", s3_delivery="proxy"))
    assert app.extensions[kernel.FILMS_ORIGIN] == ""


@pytest.mark.parametrize(("changed", "name", "hint"), [
    ({"S3_BUCKET": ""}, "s3_region", "Name the bucket"), ({"S3_BUCKET": "s3://films"}, "s3_bucket", "name alone"),
    ({"S3_SECRET_KEY": ""}, "s3_secret_key", "both keys"), ({"S3_ACCESS_KEY": ""}, "s3_access_key", "both keys"),
    ({"S3_REGION": ""}, "s3_region", "s3_endpoint"), ({"S3_ENDPOINT": "s3.example.org"}, "s3_endpoint", "https://host"),
    ({"S3_ENDPOINT": "https://u:p@host"}, "s3_endpoint", "https://host"),
    ({"S3_ENDPOINT": "https://host/films?x"}, "s3_endpoint", "https://host"),
    ({"S3_PREFIX": "/x"}, "s3_prefix", "site/films"), ({"S3_PREFIX": "a/../b"}, "s3_prefix", "site/films"),
    ({"S3_DELIVERY": "both"}, "s3_delivery", "redirect or proxy"),
    ({"S3_ENDPOINT": "http://host", "BASE_URL": "https://site.example"}, "s3_endpoint", "proxy"),
    ({"S3_PUBLIC_ENDPOINT": "http://host", "BASE_URL": "https://site.example"}, "s3_public_endpoint", "proxy")])
def test_settings_that_cannot_be_are_refused_with_a_remedy(changed: dict[str, str], name: str, hint: str) -> None:
    environ = {f"MOVIEPOINT_{key}": value for key, value in {**GOOD, **changed}.items()}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, Path("/nonexistent"))
    fault = caught.value.faults[0]
    assert (fault.name, hint in fault.remedy) == (name, True), fault
    assert "hidden-words" not in str(caught.value)


def test_settings_never_show_a_secret() -> None:
    environ = {f"MOVIEPOINT_{key}": value for key, value in GOOD.items()}
    settings = load_settings({**environ, "MOVIEPOINT_SECRET_KEY": "k" * 40, "MOVIEPOINT_MAIL_PASSWORD": "letters"},
                             Path("/nonexistent"))
    for text in (repr(settings), str(settings), f"{settings!r:s}"):
        assert "films" in text
        assert not any(str(getattr(settings, name)) in text for name in SECRETS if getattr(settings, name))
