"""Uploads through the real server, by clients that others have written: tuspy and tus-js-client."""
from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pytest
import requests
from sqlalchemy import select, update
from tusclient.client import TusClient

from moviepoint.domains.media import uploads
from moviepoint.domains.media.models import Upload
from moviepoint.kernel.db import db, unit_of_work, utcnow
from tests.functional.media.house import House
from tests.functional.media.serving import Gunicorn, gunicorn, make_token, nginx

#: tuspy leaves the files open that it reads; what the server opens is in another process.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
CLIENTS = Path(__file__).with_name("clients")
MIB = 2**20
Opened = Callable[[Path], BinaryIO]


@pytest.fixture
def server(house: House) -> Iterator[Gunicorn]:
    with gunicorn(house, free_disk_reserve_bytes="1", upload_limits="contributor=40M/60M") as running:
        yield running


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Return a function that opens a file for a client: tuspy never closes one that it has opened itself."""
    with ExitStack() as stack:
        yield lambda path: stack.enter_context(path.open("rb"))


@pytest.fixture
def token(house: House) -> str:
    return make_token(house, "editor")[1]


@pytest.fixture(scope="session")
def modules() -> Path:
    """Install tus-js-client, pinned with its hashes, into a cache folder; returns it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node or npm is not installed (apt-get install nodejs npm)")
    lock = (CLIENTS / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "moviepoint-tests" / f"tus-js-client-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "ready").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / name, folder)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install tus-js-client: {done.stderr[-200:]}")
        (folder / "ready").touch()
    return folder


def noise(path: Path, size: int, seed: int = 1) -> Path:
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def row_of(address: str) -> Upload:
    db.session.rollback()
    return db.session.scalars(select(Upload).where(Upload.public_id == address.rsplit("/", 1)[1])
                              .execution_options(populate_existing=True)).one()


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def node(modules: Path, server: Gunicorn, file: Path, token: str, chunk: int, **more: object) -> subprocess.Popen[str]:
    wanted = {"endpoint": f"{server.url}/api/v1/uploads", "file": str(file), "token": token, "chunk": chunk, **more}
    return subprocess.Popen(["node", str(CLIENTS / "send.mjs"), str(modules), json.dumps(wanted)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_tuspy_goes_on_after_the_server_was_killed(
        house: House, server: Gunicorn, token: str, tmp_path: Path, opened: Opened) -> None:
    file = noise(tmp_path / "film.mkv", 24 * MIB)
    client = TusClient(f"{server.url}/api/v1/uploads", headers=headers(token))
    sending = client.uploader(file_stream=opened(file), chunk_size=MIB, retries=40, retry_delay=0.25,
                              upload_checksum=True, metadata={"filename": "film.mkv"})
    sending.upload_chunk()
    address = sending.url
    killed = []

    def kill_twice() -> None:
        for share in (0.25, 0.6):
            while uploads_size(house, address) < share * 24 * MIB:
                time.sleep(0.002)
            server.kill()
            killed.append(uploads_size(house, address))
            server.start()

    killer = threading.Thread(target=kill_twice)
    killer.start()
    sending.upload()
    killer.join()
    assert len(killed) == 2
    assert all(0 < size < 24 * MIB for size in killed)
    row = row_of(address)
    assert (row.state, row.filename, row.size) == ("stored", "film.mkv", 24 * MIB)
    assert digest(house.storage.path(row.key)) == digest(file)


def uploads_size(house: House, address: str) -> int:
    path: Path = house.storage.path(f"uploads/{address.rsplit('/', 1)[1]}")
    return path.stat().st_size


def test_tus_js_client_goes_on_after_the_server_was_killed(house: House, server: Gunicorn, token: str, modules: Path,
                                                           tmp_path: Path) -> None:
    file = noise(tmp_path / "film.mp4", 24 * MIB, seed=2)
    sending = node(modules, server, file, token, MIB, metadata={"filename": "фильм.mp4"})
    assert sending.stdout is not None
    for line in sending.stdout:
        if int(line.split()[0]) > 8 * MIB:
            break
    server.kill()
    server.start()
    out, faults = sending.communicate(timeout=60)
    assert sending.returncode == 0, faults
    row = row_of(out.split()[-1])
    assert (row.state, row.filename) == ("stored", "фильм.mp4")
    assert digest(house.storage.path(row.key)) == digest(file)


def test_a_file_in_parallel_parts_becomes_one(house: House, server: Gunicorn, token: str, modules: Path,
                                              tmp_path: Path) -> None:
    file = noise(tmp_path / "film.mkv", 9 * MIB + 7, seed=3)
    sending = node(modules, server, file, token, MIB, parallel=4, metadata={"filename": "film.mkv"})
    out, faults = sending.communicate(timeout=60)
    assert sending.returncode == 0, faults
    address = out.split()[-1]
    row = row_of(address)
    assert (row.state, row.size, len(row.parts or ())) == ("joining", 9 * MIB + 7, 4)
    head = requests.head(address, headers=headers(token) | {"Tus-Resumable": "1.0.0"}, timeout=10)
    assert head.headers["Upload-Concat"].startswith("final;/api/v1/uploads/")
    assert "Upload-Offset" not in head.headers
    house.run_worker()  # the message was lost with nobody to hear it, and the sweep sends another
    house.wait(lambda: row_of(address).state == "stored")
    row = row_of(address)
    assert digest(house.storage.path(row.key)) == digest(file)
    assert [path.name for path in house.storage.path("uploads").iterdir()] == [row.public_id]
    assert db.session.scalars(select(Upload.id)).all() == [row.id]


def test_chunks_go_through_nginx_as_they_come(house: House, token: str, tmp_path: Path, opened: Opened) -> None:
    file = noise(tmp_path / "film.mkv", 20 * MIB)
    folder = tmp_path / "nginx"
    folder.mkdir()
    with gunicorn(house, trusted_proxies="1") as server, nginx(server, house, folder) as url:
        client = TusClient(f"{url}/api/v1/uploads", headers=headers(token))
        sending = client.uploader(file_stream=opened(file), chunk_size=16 * MIB)
        sending.upload_chunk()
        assert sending.url.startswith(f"{url}/api/v1/uploads/")
        assert list((folder / "client_body").iterdir()) == []
        sending.upload()
    assert digest(house.storage.path(row_of(sending.url).key)) == digest(file)


def test_many_send_at_once_and_two_to_one_upload_never_mix(
        house: House, server: Gunicorn, token: str, tmp_path: Path, opened: Opened) -> None:
    files = [noise(tmp_path / f"{n}.mkv", 3 * MIB, seed=n) for n in range(6)]
    endpoint = f"{server.url}/api/v1/uploads"

    def send(file: Path) -> str:
        sending = TusClient(endpoint, headers=headers(token)).uploader(file_stream=opened(file), chunk_size=MIB // 2)
        sending.upload()
        return str(sending.url)

    with ThreadPoolExecutor(6) as pool:
        for file, address in zip(files, pool.map(send, files), strict=True):
            assert digest(house.storage.path(row_of(address).key)) == digest(file)
    begun = requests.post(endpoint, headers=headers(token) | {"Tus-Resumable": "1.0.0", "Upload-Length": str(3 * MIB)},
                          timeout=10)
    chunk = headers(token) | {"Tus-Resumable": "1.0.0", "Upload-Offset": "0",
                              "Content-Type": "application/offset+octet-stream"}

    def patch(file: Path) -> int:
        return requests.patch(begun.headers["Location"], data=file.read_bytes(), headers=chunk, timeout=20).status_code

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(patch, files[:4]))
    assert codes[0] == 204
    assert set(codes[1:]) <= {409, 423}
    stored = digest(house.storage.path(row_of(begun.headers["Location"]).key))
    assert stored in {digest(file) for file in files[:4]}


def test_a_chunk_has_any_size(house: House, server: Gunicorn, token: str, tmp_path: Path, opened: Opened) -> None:
    """A client that is told nothing of chunks sends the whole file in one: more than a form may have."""
    file = tmp_path / "film.mkv"
    with file.open("wb") as stream:
        stream.truncate(80 * MIB)
    sending = TusClient(f"{server.url}/api/v1/uploads", headers=headers(token)).uploader(file_stream=opened(file))
    sending.upload()
    row = row_of(sending.url)
    assert (row.state, house.storage.path(row.key).stat().st_size) == ("stored", 80 * MIB)


def test_a_wrong_checksum_is_refused_and_the_chunk_is_gone(server: Gunicorn, token: str) -> None:
    begun = requests.post(f"{server.url}/api/v1/uploads", timeout=10, headers=headers(token) | {
        "Tus-Resumable": "1.0.0", "Upload-Length": "10"})
    chunk = headers(token) | {"Tus-Resumable": "1.0.0", "Upload-Offset": "0",
                              "Content-Type": "application/offset+octet-stream", "Upload-Checksum": "sha1 AAAA"}
    address = begun.headers["Location"]
    assert requests.patch(address, data=b"0123456789", headers=chunk, timeout=10).status_code == 460
    head = requests.head(address, headers=headers(token) | {"Tus-Resumable": "1.0.0"}, timeout=10)
    assert head.headers["Upload-Offset"] == "0"


def test_a_role_has_its_limits(house: House, server: Gunicorn) -> None:
    with unit_of_work() as session:
        role = house.app.extensions["security"].datastore.find_or_create_role(name="contributor")
        role.permissions = ["media.upload"]
        session.add(role)
    _user, secret = make_token(house, "contributor")
    endpoint, said = f"{server.url}/api/v1/uploads", headers(secret) | {"Tus-Resumable": "1.0.0"}

    def announce(size: int, **more: str) -> requests.Response:
        return requests.post(endpoint, headers=said | {"Upload-Length": str(size), **more}, timeout=10)

    assert requests.options(endpoint, headers=said, timeout=10).headers["Tus-Max-Size"] == str(40 * MIB)
    assert announce(40 * MIB + 1).status_code == 413
    first = announce(40 * MIB)
    assert first.status_code == 201
    refused = announce(21 * MIB)
    assert (refused.status_code, refused.json()["code"]) == (413, "upload-quota")
    assert "21" in refused.json()["detail"]  # 20 MiB are 21 MB
    assert requests.get(f"{endpoint}/allowance", headers=said, timeout=10).json() == {
        "file": 40 * MIB, "total": 60 * MIB, "used": 40 * MIB}
    parts = [announce(10 * MIB, **{"Upload-Concat": "partial"}) for _ in range(2)]
    assert [part.status_code for part in parts] == [201, 201]
    assert announce(1, **{"Upload-Concat": "partial"}).status_code == 413
    assert requests.delete(first.headers["Location"], headers=said, timeout=10).status_code == 204
    assert announce(21 * MIB).status_code == 201


def test_abandoned_uploads_and_parts_expire_and_leave_nothing(
        house: House, server: Gunicorn, token: str, tmp_path: Path, opened: Opened) -> None:
    client = TusClient(f"{server.url}/api/v1/uploads", headers=headers(token))
    half = client.uploader(file_stream=opened(noise(tmp_path / "x.mkv", MIB)), chunk_size=MIB // 2)
    half.upload_chunk()
    part = TusClient(f"{server.url}/api/v1/uploads", headers=headers(token) | {"Upload-Concat": "partial"}).uploader(
        file_stream=opened(tmp_path / "x.mkv"))
    part.upload()
    assert row_of(part.url).state == "stored"
    with unit_of_work() as session:
        assert uploads.expire_uploads(session, house.storage) == 0
        session.execute(update(Upload).values(expires_at=utcnow()))
    with unit_of_work() as session:
        assert uploads.expire_uploads(session, house.storage) == 2
    assert list(house.storage.path("uploads").iterdir()) == []
    gone = requests.head(half.url, headers=headers(token) | {"Tus-Resumable": "1.0.0"}, timeout=10)
    assert gone.status_code == 404


def test_ten_gigabytes_leave_the_servers_memory_as_it_was(
        house: House, server: Gunicorn, token: str, tmp_path: Path, opened: Opened) -> None:
    """All but the end is there already, as holes: the offset is the file's length, so a client sends the rest."""
    whole, rest = 10 * 2**30, 96 * MIB + 1
    file = tmp_path / "film.mkv"
    with file.open("wb") as stream:
        stream.truncate(whole)
    client = TusClient(f"{server.url}/api/v1/uploads", headers=headers(token))
    address = requests.post(f"{server.url}/api/v1/uploads", timeout=10, headers=headers(token) | {
        "Tus-Resumable": "1.0.0", "Upload-Length": str(whole)}).headers["Location"]
    path = house.storage.path(row_of(address).key)
    with path.open("r+b") as stream:
        stream.truncate(whole - rest)
    sending = client.uploader(file_stream=opened(file), url=address, chunk_size=16 * MIB)
    sending.upload_chunk()
    before = server.memory()
    while sending.offset < whole - 1:
        sending.upload_chunk()
    middle = time.monotonic()
    sending.upload_chunk()
    assert time.monotonic() - middle < 2  # the last byte, and no look at the ten gigabytes
    assert server.memory() - before < 24 * MIB
    assert row_of(address).state == "stored"
    assert path.stat().st_size == whole
