"""Settings: where they come from, and what is said of a faulty one."""
from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.settings import FIELDS, SettingsError, load_settings, with_secret


def load(tmp_path: Path, toml: str = "", **environ: str) -> object:
    file = tmp_path / "moviepoint.toml"
    if toml:
        file.write_text(toml, encoding="utf-8")
    return load_settings({f"MOVIEPOINT_{name}": value for name, value in environ.items()}, file)


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    settings = load(tmp_path, 'site_name = "Archive"\nencode_slots = 3\n', SITE_NAME="Festival")
    assert (settings.site_name, settings.encode_slots, settings.worker_threads) == ("Festival", 3, 4)


def test_lists_numbers_and_paths_are_typed(tmp_path: Path) -> None:
    settings = load(tmp_path, LOCALES="en, ru,pt-BR", INSTANCE=str(tmp_path), UPLOAD_MAX_BYTES="123", DEBUG="true")
    assert settings.locales == ("en", "ru", "pt-BR")
    assert (settings.instance, settings.upload_max_bytes, settings.debug) == (tmp_path, 123, True)


@pytest.mark.parametrize(("environ", "name", "hint"), [
    ({"DATABSE_URL": "x"}, "MOVIEPOINT_DATABSE_URL", "MOVIEPOINT_DATABASE_URL"),
    ({"NONSENSE": "x"}, "MOVIEPOINT_NONSENSE", "Remove it"),
    ({"ENCODE_SLOTS": "0"}, "encode_slots", "default is 1"), ({"ENCODE_SLOTS": "many"}, "encode_slots", "default"),
    ({"DEFAULT_LOCALE": "de"}, "default_locale", "en, ru"), ({"LOCALES": "en,Russian!"}, "locales", "pt-BR"),
    ({"QUEUE_URL": "amqp://x"}, "queue_url", "redis://"), ({"DATABASE_URL": "mysql://x"}, "database_url", "postgresql"),
    ({"BASE_URL": "example.org"}, "base_url", "https://"), ({"SECRET_KEY": "short"}, "secret_key", "24"),
    ({"SITE_NAME": ""}, "site_name", "MoviePoint")])
def test_each_fault_is_named_with_its_remedy(tmp_path: Path, environ: dict[str, str], name: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **environ)
    fault = caught.value.faults[0]
    assert fault.name == name
    assert hint in fault.remedy


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, "colour = 1\n", ENCODE_SLOTS="-1", WORKER_THREADS="x")
    assert {fault.name for fault in caught.value.faults} == {"colour", "encode_slots", "worker_threads"}


@pytest.mark.parametrize("toml", ["site_name = ", "\x00", "site_name = 'a'\nsite_name = 'b'\n"])
def test_a_broken_file_is_said(tmp_path: Path, toml: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, toml)


def test_the_secret_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    settings = load(tmp_path, INSTANCE=str(tmp_path / "new"))
    first, second = with_secret(settings), with_secret(settings)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) > 40
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600


@given(st.sampled_from(sorted(FIELDS)), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_any_text_is_taken_or_refused_by_name(name: str, value: str) -> None:
    try:
        load_settings({f"MOVIEPOINT_{name.upper()}": value}, Path("/nonexistent/moviepoint.toml"))
    except SettingsError as error:
        assert error.faults


PROVIDER = {"slug": "example", "label": "Example", "issuer": "https://accounts.example.com", "client_id": "films",
            "client_secret": "the secret"}


def test_providers_are_tables_or_json(tmp_path: Path) -> None:
    table = "[[openid_providers]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in PROVIDER.items())
    both = [load(tmp_path, table), load(tmp_path, OPENID_PROVIDERS=json.dumps([PROVIDER]))]
    for settings in both:
        provider, = settings.openid_providers  # type: ignore[attr-defined]
        assert (provider.slug, provider.client_secret, provider.trust_email) == ("example", "the secret", False)
        assert provider.scopes == ("openid", "email", "profile")
        assert "the secret" not in repr(provider)
    assert load(tmp_path, "openid_providers = []\n", OPENID_PROVIDERS="").openid_providers == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("change", "problem"), [
    ({"slug": "Ex ample"}, "slug"), ({"slug": "-"}, "slug"), ({"slug": "a" * 41}, "slug"), ({"label": ""}, "label"),
    ({"client_id": None}, "client_id"), ({"client_secret": 7}, "client_secret"), ({"colour": "red"}, "colour"),
    ({"trust_email": "yes"}, "trust_email"), ({"scopes": "openid"}, "scopes"), ({"scopes": ["email"]}, "scopes"),
    ({"scopes": ["openid", "two words"]}, "scopes"), ({"issuer": "accounts.example.com"}, "issuer"),
    ({"issuer": "http://accounts.example.com"}, "issuer"), ({"issuer": "https://"}, "issuer"),
    ({"issuer": "https://user:word@example.com"}, "issuer"), ({"issuer": "https://example.com/?a=b"}, "issuer"),
    ({"issuer": "https://exa mple.com"}, "issuer"), ({"issuer": "https://example.com:port"}, "issuer"),
    ({"issuer": "https://[::1"}, "issuer"), ({"issuer": "https://bei.spiel\u0435.org"}, "issuer")])
def test_a_faulty_provider_is_refused_without_saying_its_secret(tmp_path: Path, change: dict[str, object],
                                                                problem: str) -> None:
    provider = {name: value for name, value in (PROVIDER | change).items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, OPENID_PROVIDERS=json.dumps([provider]))
    fault, = caught.value.faults
    assert fault.name.startswith("openid_providers")
    assert problem in fault.problem
    assert "the secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["example", "{", "7", '{"slug": "example"}', "[[[", "[" * 100_000])
def test_providers_that_are_no_list_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="openid_providers: cannot be read"):
        load(tmp_path, OPENID_PROVIDERS=text)


def test_providers_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, OPENID_PROVIDERS=json.dumps([PROVIDER, PROVIDER]))
    assert [fault.problem for fault in caught.value.faults] == [
        "is there twice.", "has the issuer 'https://accounts.example.com', as another one has."]


@pytest.mark.parametrize("issuer", ["http://localhost:9000", "http://127.0.0.1/realm", "http://[::1]:80",
                                    "https://id.example.com/realms/films/"])
def test_issuers_that_can_be_asked(tmp_path: Path, issuer: str) -> None:
    settings = load(tmp_path, OPENID_PROVIDERS=json.dumps([PROVIDER | {"issuer": issuer}]))
    assert settings.openid_providers[0].issuer == issuer  # type: ignore[attr-defined]
