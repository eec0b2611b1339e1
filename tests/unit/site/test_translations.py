"""The Russian catalogue: complete, with the same placeholders, and nothing in it that nobody says."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[3]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
            "sentence": None}
PLACEHOLDER = re.compile(r"%\((\w+)\)")


@pytest.fixture(scope="module")
def said() -> Catalog:
    """Return all messages of the core's code and of the shipped themes."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    catalogue = Catalog()
    for _file, _line, message, _comments, context in extract_from_dir(
            ROOT, methods, options, keywords=KEYWORDS, directory_filter=keep):
        catalogue.add(message, context=context)
    return catalogue


def keep(folder: str) -> bool:
    """Say whether a folder holds our messages; the others are many and large."""
    path = Path(folder).relative_to(ROOT) if Path(folder).is_absolute() else Path(folder)
    return not path.parts or path.parts[0] in ("moviepoint", "themes")


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with (ROOT / "translations/ru/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="ru")


def strings(message: Message) -> list[str]:
    """Return a message's texts, one or one for each plural form."""
    return list(message.string) if isinstance(message.string, tuple | list) else [str(message.string)]


def key(message: Message) -> tuple[str | None, str]:
    """Return what a message is found by."""
    return message.context, message.id[0] if isinstance(message.id, tuple | list) else message.id


def test_every_message_is_translated(said: Catalog, russian: Catalog) -> None:
    known = {key(message): message for message in russian if message.id}
    missing = [key(message) for message in said if message.id
               and not (key(message) in known and all(strings(known[key(message)])))]
    assert missing == []


def test_placeholders_agree(russian: Catalog) -> None:
    for message in russian:
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        wanted = {name for text in ids if text for name in PLACEHOLDER.findall(text)}
        for text in strings(message):
            assert not message.id or set(PLACEHOLDER.findall(text)) == wanted, message.id


def test_plurals_have_three_forms(russian: Catalog) -> None:
    plural = [message for message in russian if isinstance(message.id, tuple | list)]
    assert plural
    assert all(len(message.string) == 3 for message in plural)
