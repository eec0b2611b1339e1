"""Documents as columns: nothing is lost on the way out and back, whatever the texts hold."""
from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviepoint.app import MoviePoint
from moviepoint.domains.catalog.schemas import PersonInput, SeasonInput, TermInput, TitleInput
from moviepoint.domains.transfer import files
from moviepoint.domains.transfer.columns import Header, escape, flatten, read_header, split
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.validation import convert

# Text as services leave it: without control characters and spaces around it.
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"))
LINE = st.text(CHARACTERS, max_size=40).map(str.strip)
FILLED = LINE.filter(bool)
PROSE = st.lists(LINE, max_size=4).map(lambda lines: "\n".join(lines).strip())
SLUG = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
LOCALE = st.sampled_from(["en", "ru", "pt-BR"])
CREDIT = st.fixed_dictionaries({"person": SLUG, "department": FILLED, "job": LINE, "character": LINE,
                                "guest": st.booleans()})
TITLE = st.fixed_dictionaries({
    "kind": st.sampled_from(["film", "series"]), "slug": SLUG, "original_title": FILLED,
    "year": st.none() | st.integers(1870, 2200), "countries": st.lists(st.sampled_from(["DE", "SU"]), max_size=2),
    "texts": st.dictionaries(LOCALE, st.fixed_dictionaries({"name": FILLED, "tagline": LINE, "overview": PROSE})),
    "genres": st.lists(SLUG, max_size=3), "credits": st.lists(CREDIT, max_size=4),
    "external_ids": st.dictionaries(st.sampled_from(["imdb", "tmdb"]), FILLED), "locks": st.just(["overview@ru"])})
EPISODE = st.fixed_dictionaries({
    "number": st.integers(0, 99), "original_title": LINE, "runtime": st.none() | st.integers(0, 500),
    "texts": st.dictionaries(LOCALE, st.fixed_dictionaries({"name": FILLED, "overview": PROSE}))})


def through_columns(struct: type[Any], document: dict[str, Any]) -> Any:
    """Return a document after its way through a CSV file's text, as the struct reads it."""
    header, cells = Header(struct), flatten(struct, document)
    header.add(cells)
    stream = io.StringIO()
    csv.writer(stream).writerows([header.titles(), [files._guarded(cell) for cell in header.line(cells)]])
    titles, line = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    found = read_header(struct, titles).document([files._unguarded(cell) for cell in line])
    return msgspec.to_builtins(convert(struct, found))


@given(TITLE)
def test_a_title_comes_back_as_it_went(document: dict[str, Any]) -> None:
    found = through_columns(TitleInput, document)
    assert {name: found.get(name, {}) for name in document} == document


@given(st.fixed_dictionaries({"series": SLUG, "number": st.integers(0, 99), "episodes": st.lists(EPISODE, max_size=3)}))
def test_a_season_comes_back_with_its_episodes_and_their_texts(document: dict[str, Any]) -> None:
    found = through_columns(SeasonInput, document)
    for before, after in zip(document["episodes"], found["episodes"], strict=True):
        texts = {locale: text for locale, text in after.pop("texts", {}).items() if any(text.values())}
        assert texts == before["texts"]
        assert {name: after[name] for name in ("number", "original_title", "runtime")} == {
            name: before[name] for name in ("number", "original_title", "runtime")}


@given(st.lists(st.text(CHARACTERS | st.sampled_from("\n\r\\|")).map(lambda text: text.strip(" ")), min_size=1))
def test_bars_and_lines_inside_a_cell_are_told_from_those_between(parts: list[str]) -> None:
    line = " | ".join(map(escape, parts))
    assert "\n" not in line
    assert split(line) == parts


@given(st.text())
def test_no_cell_is_run_as_a_formula_and_none_is_changed(text: str) -> None:
    guarded = files._guarded(text)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert files._unguarded(guarded) == text


def test_an_empty_cell_empties_what_may_be_empty_and_leaves_the_rest() -> None:
    columns = read_header(TitleInput, ["slug", "year", "genres", "name@ru", "external_ids@imdb", "kind"])
    assert columns.document([""] * 6) == {
        "year": None, "genres": [], "texts": {"ru": {"name": ""}}, "external_ids": {"imdb": None}}


@pytest.mark.parametrize(("struct", "titles", "said"), [
    (TitleInput, ["slug", "yeer"], "yeer"), (TitleInput, ["id"], "id"), (TitleInput, ["overview"], "overview"),
    (TitleInput, ["slug", "slug"], "twice"), (TitleInput, ["year: a | b"], "year"), (TermInput, ["@ru"], "@ru"),
    (TitleInput, ["credits: person | shoe size"], "shoe size"), (PersonInput, ["x" * 5000], "x" * 60),
    (TitleInput, ["overview@"], "overview@"), (TitleInput, [""], "?")])
def test_a_header_that_is_not_known_is_named(app: MoviePoint, struct: type[Any], titles: list[str], said: str) -> None:
    with app.app_context(), pytest.raises(Invalid, match=said.replace("?", r"\?")):
        read_header(struct, titles)


def test_cells_without_a_column_are_a_fault_and_not_lost(app: MoviePoint) -> None:
    columns = read_header(TitleInput, ["slug", "credits: person | job"])
    with app.app_context():
        with pytest.raises(Invalid, match="3 cells for 2"):
            columns.document(["a", "", "lost"])
        with pytest.raises(Invalid, match="3 cells for 2"):
            columns.document(["a", "x | y | z"])
    assert columns.document(["a", "", ""]) == {"slug": "a", "credits": []}


@pytest.fixture
def book(app: MoviePoint, tmp_path: Path) -> Any:
    """Return a function that opens bytes as a file of titles."""
    def make(data: bytes, format: str = "csv", encoding: str = "") -> files.Book:
        path = tmp_path / f"file.{format}"
        path.write_bytes(data)
        kind = ContentType("title", "", "", TitleInput, *([None] * 6))  # type: ignore[arg-type]
        return files.open_book(path, format, kind, encoding)

    with app.app_context():
        yield make


TABLE = "slug;original_title;year\naelita;Аэлита;1924\n\n;;\nстачка;Стачка;1925\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251", "koi8-r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_a_table_is_written_in_is_found_out(book: Any, encoding: str, delimiter: str) -> None:
    text = TABLE.replace(";", delimiter) + "".join(
        f"film-{n}{delimiter}Броненосец Потёмкин и другие{delimiter}19{n}\n" for n in range(10, 40))
    found = list(book(text.encode(encoding)).rows())
    assert [found[0].document["original_title"], found[1].document["original_title"]] == ["Аэлита", "Стачка"]
    assert len(found) == book(text.encode(encoding)).count() == 32
    assert [row.number for row in found] == list(range(1, 33))


@pytest.mark.parametrize(("data", "format", "said"), [
    (b"", "csv", "empty"), (b" \n ", "csv", "empty"), (b"slug,year\n", "csv", "no rows"), (b"[]", "json", "no rows"),
    (b'slug,year\n"never closed', "csv", "cannot be read"), (b"slug\n" + b"x" * 1_100_000, "csv", "cannot be read"),
    (b"{", "json", "no JSON"), (b"null", "json", "no JSON"), (b"\xff\xfe\x00", "json", "no JSON"),
    (b'{"documents": 1}', "json", "no JSON"), (b'{"content_type": "person", "documents": [{}]}', "json", "person"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "csv", "known|cannot be read|not written"),
    (b'[{"slug": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "json", "no JSON"), (b"x", "xml", "Only CSV and JSON")])
def test_a_file_that_cannot_be_read_says_why(book: Any, data: bytes, format: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        book(data, format).count()


def test_a_file_in_another_encoding_than_was_said_is_refused_whole(book: Any) -> None:
    with pytest.raises(Invalid, match="utf-8 throughout"):
        book(b"slug\n" + "Стачка".encode("windows-1251"), encoding="utf-8")


def test_faults_of_one_row_do_not_touch_the_others(book: Any) -> None:
    rows = list(book(b'[{"slug": "a"}, 7, "x", {"slug": "b"}]', "json").rows())
    assert [bool(row.fault) for row in rows] == [False, True, True, False]
    table = list(book(b"slug,year\na,1,too many\nb,2\n").rows())
    assert ["3 cells" in row.fault for row in table] == [True, False]
