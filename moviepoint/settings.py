"""Typed settings, read from `MOVIEPOINT_*` variables and an optional `moviepoint.toml`.

This is the only module that reads `os.environ`. A variable wins over the file, the file over the default.
Unknown names are refused, so that a typing error is a message at start and not a silence.
"""
from __future__ import annotations

import difflib
import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

PREFIX = "MOVIEPOINT_"
FILE_NAME = "moviepoint.toml"
#: Variables with our prefix that are read before settings exist (by manage.py and the test suite).
RESERVED = frozenset({"MOVIEPOINT_CONFIG", "MOVIEPOINT_BOOTSTRAPPED"})
LISTS = frozenset({"locales", "plugins", "import_folders", "upload_limits"})
TABLES = frozenset({"openid_providers"})  # tables in the file, JSON in a variable
SECRETS = frozenset({"secret_key", "mail_password", "s3_secret_key", "openid_providers"})  # never said again
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PROJECT_ROOT = Path(__file__).resolve().parent.parent

Count = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=1)]


class Fault(NamedTuple):
    """One thing wrong with the settings, and what to do about it."""

    name: str
    problem: str
    remedy: str


class SettingsError(Exception):
    """The settings cannot be used; `faults` names each reason with its remedy."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{f.name}: {f.problem} {f.remedy}" for f in faults))


class OpenIdProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody else's sign-in that this site takes: OpenID Connect, found by its issuer's address."""

    slug: Annotated[str, Meta(pattern="^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]  # in addresses; not to be changed
    label: Annotated[str, Meta(min_length=1, max_length=60)]  # what visitors read
    issuer: Annotated[str, Meta(max_length=255)]
    client_id: Annotated[str, Meta(min_length=1, max_length=255)]
    client_secret: str = ""  # empty for a public client
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    trust_email: bool = False  # an address that the provider has verified opens the account with that address

    def __repr__(self) -> str:
        """Leave out the secret: settings are shown in tracebacks."""
        return f"OpenIdProvider({self.slug!r}, {self.issuer!r})"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an operator can set; each field's comment is its documentation."""

    instance: Path = PROJECT_ROOT / "instance"  # where the database, media, index and secrets live
    secret_key: str = ""  # signs sessions and media addresses; made and kept in the instance when empty
    debug: bool = False
    site_name: Annotated[str, Meta(min_length=1, max_length=80)] = "MoviePoint"
    base_url: str = "http://127.0.0.1:8000"  # the public address, for mail, feeds and canonical links
    trusted_proxies: Annotated[int, Meta(ge=0, le=5)] = 0  # proxies in front that set X-Forwarded-*

    database_url: str = ""  # empty: SQLite in the instance
    queue_url: str = ""  # empty: Huey on SQLite in the instance; redis://… to scale out
    media_root: Path | None = None  # empty: media/ in the instance
    cookie_secure: bool = False  # set true behind HTTPS

    search_engine: str = "whoosh"  # what the search index is kept by: whoosh, postgresql, or one that a plugin brings

    locales: tuple[str, ...] = ("en", "ru")  # languages of the site, in the order shown
    default_locale: str = "en"
    theme: str = "default"
    plugins: tuple[str, ...] = ("feeds",)  # slugs switched on, in order
    plugins_dir: Path = PROJECT_ROOT / "plugins"
    themes_dir: Path = PROJECT_ROOT / "themes"
    import_folders: tuple[str, ...] = ()  # folders of this server that importers may read, such as kodi_library

    ffmpeg: str = ""  # empty: the PATH, else the wheel
    ffprobe: str = ""
    worker_threads: Count = 4  # light and heavy tasks together
    drain_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 15  # a worker that is told to stop ends its steps so long
    encode_slots: Count = 1  # heavy encoding steps at a time on this machine
    keep_sources: bool = True  # keep an uploaded file after it is encoded
    publish_early: bool = False  # let viewers begin a new film while the rest of it is encoded
    media_streams: Count = 48  # viewers that a web process sends media to at once; pages keep a quarter of its threads
    accelerate: str = ""  # address inside nginx that sends packages after our decision, such as /moviepoint-media/
    s3_bucket: str = ""  # where the segments of published films lie; empty: on the disk, like all else
    s3_endpoint: str = ""  # the bucket's server, such as https://s3.example.org; empty: Amazon's of the region
    s3_public_endpoint: str = ""  # the same server as viewers reach it, where that is another address
    s3_region: str = ""  # must be set for Amazon; elsewhere us-east-1 when empty
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_prefix: str = ""  # before all names in the bucket: each site that shares a bucket has its own
    s3_delivery: str = "redirect"  # redirect: viewers fetch from the bucket by short-lived addresses; proxy: through us
    s3_store: bool = True  # false: the bucket is only read: nothing is moved there or removed
    upload_max_bytes: Bytes = 200 * 2**30
    upload_chunk_bytes: Bytes = 16 * 2**20  # what the browser sends at a time
    upload_expiry_hours: Count = 168
    upload_limits: tuple[str, ...] = ()  # for each role "name=file/all": bytes a file, bytes of a user altogether
    free_disk_reserve_bytes: Annotated[int, Meta(ge=0)] = 512 * 2**20  # never filled by uploads or encoding

    mail_server: str = ""  # empty: mail is written to the log
    mail_port: Annotated[int, Meta(ge=1, le=65535)] = 25
    mail_username: str = ""
    mail_password: str = ""
    mail_use_tls: bool = False
    mail_sender: str = "noreply@localhost"
    registration: bool = True
    confirm_email: bool = True  # who registers signs in once a mailed link is opened; only with a mail_server
    search_engines: bool = True  # false closes the whole site to them: robots.txt, a header, no sitemap
    offline_page: bool = True  # keep a page in browsers that says when the network is gone
    rate_limits: bool = True
    back_office_second_factor: bool = False  # who may enter the back office needs an app or a key beside the password
    openid_providers: tuple[OpenIdProvider, ...] = ()  # sign-in by OpenID Connect: tables, or JSON in a variable

    def __repr__(self) -> str:
        """Leave out secrets: settings are shown in tracebacks."""
        shown = (f"{name}={getattr(self, name)!r}" for name in FIELDS if name not in SECRETS)
        return f"Settings({', '.join(shown)})"

    @property
    def media_path(self) -> Path:
        """Where packages, images and uploads lie."""
        return self.media_root or self.instance / "media"

    @property
    def confirms_email(self) -> bool:
        """Whether a newcomer's address is confirmed: where no mail leaves, nobody could be."""
        return self.confirm_email and bool(self.mail_server)

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{self.instance / 'moviepoint.sqlite3'}"


FIELDS: Mapping[str, msgspec.structs.FieldInfo] = {f.name: f for f in msgspec.structs.fields(Settings)}


def load_settings(environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read, check and complete the settings.

    `environ` defaults to the process's; `file` to `$MOVIEPOINT_CONFIG`, else `moviepoint.toml` in the project.
    Raises SettingsError naming every fault at once.
    """
    environ = os.environ if environ is None else environ
    file = file or Path(environ.get("MOVIEPOINT_CONFIG") or PROJECT_ROOT / FILE_NAME)
    faults: list[Fault] = []
    values = _from_file(file, faults) | _from_environment(environ, faults)
    checked = {name: _convert(name, value, faults) for name, value in values.items() if name in FIELDS}
    if not faults:
        settings = Settings(**checked)
        faults.extend(_cross_checks(settings))
    if faults:
        raise SettingsError(faults)
    return _absolute(settings)


def with_secret(settings: Settings) -> Settings:
    """Return settings with a secret key, made once and kept (mode 0600) in the instance."""
    if settings.secret_key:
        return settings
    settings.instance.mkdir(parents=True, exist_ok=True)
    path = settings.instance / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
    return msgspec.structs.replace(settings, secret_key=path.read_text().strip())


def _from_file(file: Path, faults: list[Fault]) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        faults.append(Fault(str(file), f"cannot be read: {error}.", "Mend the file, or move it away."))
        return {}
    for name in values.keys() - FIELDS.keys():
        faults.append(_unknown(name, f"in {file.name}"))
    return values


def _from_environment(environ: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in RESERVED:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in FIELDS:
            faults.append(_unknown(name, "in the environment", show=variable))
        elif name in LISTS:
            values[name] = tuple(part.strip() for part in text.split(",") if part.strip())
        else:
            values[name] = text
    return values


def _unknown(name: str, where: str, show: str = "") -> Fault:
    near = difflib.get_close_matches(name, FIELDS, n=1)
    hint = (PREFIX + near[0].upper() if show else near[0]) if near else ""
    remedy = f"Did you mean {hint}?" if hint else "Remove it; `docs/operators/settings.md` lists all settings."
    return Fault(show or name, f"is no setting of MoviePoint ({where}).", remedy)


def _convert(name: str, value: Any, faults: list[Fault]) -> Any:
    field = FIELDS[name]
    if name in TABLES:
        return _tables(name, value, faults)
    try:
        if isinstance(value, str) and field.type in (Path, Path | None):
            return Path(value).expanduser()
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        said = "what it is" if name in SECRETS else repr(value)
        faults.append(Fault(name, f"cannot be {said}: {error}.", f"The default is {field.default!r}."))
        return None


def _tables(name: str, value: Any, faults: list[Fault]) -> Any:
    """Read what is written as tables. What was written is not said again: it holds secrets."""
    try:
        return msgspec.convert(json.loads(value or "[]") if isinstance(value, str) else value, FIELDS[name].type)
    except (ValueError, msgspec.ValidationError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.ValidationError) else "it is no JSON"
        faults.append(Fault(name, f"cannot be read: {reason}.", "docs/operators/sign-in.md shows how it is written."))
        return None


def _provider_checks(providers: tuple[OpenIdProvider, ...]) -> list[Fault]:
    faults = []
    for number, provider in enumerate(providers):
        name = f"openid_providers.{provider.slug}"
        if provider.slug in {other.slug for other in providers[:number]}:
            faults.append(Fault(name, "is there twice.", "Give each provider a slug of its own."))
        if not is_provider_address(provider.issuer) or "?" in provider.issuer or "#" in provider.issuer:
            faults.append(Fault(name, f"has the issuer {provider.issuer!r}, which is no address to trust.",
                                "Write it as the provider does, with https:// (http:// on this machine only)."))
        if provider.issuer in {other.issuer for other in providers[:number]}:
            faults.append(Fault(name, f"has the issuer {provider.issuer!r}, as another one has.",
                                "Keep one provider for each issuer."))
        if "openid" not in provider.scopes or not all(re.fullmatch(r"[!#-\[\]-~]{1,80}", scope, re.ASCII)
                                                      for scope in provider.scopes):
            faults.append(Fault(name, f"asks for the scopes {' '.join(provider.scopes)!r}.",
                                'Write a list of words with openid among them, such as ["openid", "email"].'))
    return faults


def is_provider_address(address: str) -> bool:
    """Say whether an address is one to ask a provider at: over TLS, or on this machine."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = re.fullmatch(r"[\w.~:/?#\[\]@!$&'()*+,;=%-]+", address, re.ASCII) and "@" not in parts.netloc
    return bool(plain and host and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)))


def _cross_checks(settings: Settings) -> list[Fault]:
    faults = []
    for locale in settings.locales:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", locale):
            faults.append(Fault("locales", f"{locale!r} is no language tag.", "Use tags such as en, ru, pt-BR."))
    if settings.default_locale not in settings.locales:
        faults.append(Fault("default_locale", f"{settings.default_locale!r} is not among locales.",
                            f"Choose one of {', '.join(settings.locales)}, or add it to locales."))
    if settings.secret_key and len(settings.secret_key) < 24:
        faults.append(Fault("secret_key", "is too short to sign with.", "Use 24 characters or more."))
    if not settings.base_url.startswith(("http://", "https://")):
        faults.append(Fault("base_url", f"{settings.base_url!r} is no web address.", "Begin with http:// or https://."))
    if settings.queue_url and not settings.queue_url.startswith(("redis://", "rediss://")):
        faults.append(Fault("queue_url", "is not a Redis address.", "Use redis://host:port/0, or leave it empty."))
    if settings.database_url and not settings.database_url.startswith(("sqlite:", "postgresql")):
        faults.append(Fault("database_url", "is neither SQLite nor PostgreSQL.",
                            "Use postgresql+psycopg://user:password@host/name, or leave it empty for SQLite."))
    if settings.accelerate and not re.fullmatch(r"/[a-z0-9_-]+/", settings.accelerate):
        faults.append(Fault("accelerate", f"{settings.accelerate!r} is no address inside nginx.",
                            "Write it as in docs/operators/nginx.conf: /moviepoint-media/"))
    for line in settings.upload_limits:
        if read_limit(line) is None:
            faults.append(Fault("upload_limits", f"{line!r} is no limit.",
                                "Write role=file/all with K, M, G or T: uploader=20G/200G; 0 is no limit."))
    return faults + _bucket_checks(settings) + _provider_checks(settings.openid_providers)


def _bucket_checks(settings: Settings) -> list[Fault]:
    """Return what is wrong with the bucket's settings: any is of use with all of them only."""
    if not settings.s3_bucket:
        lost = [name for name in FIELDS if name.startswith("s3_") and getattr(settings, name) != FIELDS[name].default]
        return [Fault(name, "is set, and s3_bucket is not.", "Name the bucket, or remove this.") for name in lost]
    faults = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", settings.s3_bucket, re.ASCII):
        faults.append(Fault("s3_bucket", f"{settings.s3_bucket!r} is no name of a bucket.",
                            "Write its name alone, in small letters, digits, dots and hyphens."))
    for name in ("s3_access_key", "s3_secret_key"):
        if not getattr(settings, name):
            faults.append(Fault(name, "is not set.", "Set both keys of a user who may read, write, list and delete."))
    if not settings.s3_endpoint and not settings.s3_region:
        faults.append(Fault("s3_region", "is not set.", "Name Amazon's region, such as eu-central-1, or s3_endpoint."))
    for name in ("s3_endpoint", "s3_public_endpoint"):
        if (value := getattr(settings, name)) and not is_endpoint(value):
            faults.append(Fault(name, f"{value!r} is no server's address.",
                                "Write https://host or https://host:port, and nothing after it."))
    if settings.s3_prefix and not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*",
                                               settings.s3_prefix, re.ASCII):
        faults.append(Fault("s3_prefix", f"{settings.s3_prefix!r} cannot stand before names.",
                            "Write letters, digits, hyphens, dots, and slashes between words only: site/films"))
    if settings.s3_delivery not in ("redirect", "proxy"):
        faults.append(Fault("s3_delivery", f"{settings.s3_delivery!r} is no way to send films.",
                            "Choose redirect or proxy."))
    viewers = settings.s3_public_endpoint or settings.s3_endpoint
    if settings.s3_delivery == "redirect" and settings.base_url.startswith("https:") and viewers.startswith("http:"):
        faults.append(Fault("s3_public_endpoint" if settings.s3_public_endpoint else "s3_endpoint",
                            "is without TLS, and the site has it: browsers refuse such films.",
                            "Set s3_public_endpoint to an https:// address, or s3_delivery to proxy."))
    return faults


def is_endpoint(address: str) -> bool:
    """Say whether an address is a server's alone, without a path, a name or a password."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = re.fullmatch(r"https?://[a-z0-9.\[\]:-]+", address, re.ASCII | re.IGNORECASE)
    return bool(plain and host)


def read_limit(line: str) -> tuple[str, int, int] | None:
    """Return (role, bytes a file, bytes of a user altogether) of `role=20G/200G`, 0 for no limit; None for no such."""
    match = re.fullmatch(r"([\w -]{1,80})=([0-9]{1,15})([KMGT]?)/([0-9]{1,15})([KMGT]?)", line, re.ASCII)
    if match is None:
        return None
    sizes = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
    return match[1].strip(), int(match[2]) << sizes[match[3]], int(match[4]) << sizes[match[5]]


def _absolute(settings: Settings) -> Settings:
    paths = {name: Path(value).absolute() for name in ("instance", "media_root", "plugins_dir", "themes_dir")
             if (value := getattr(settings, name)) is not None}
    return msgspec.structs.replace(settings, **paths)
