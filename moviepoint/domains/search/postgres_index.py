"""The index in PostgreSQL, for sites that have outgrown the embedded one or run on several machines.

A generation is two tables in a schema of its own, documents and words; the table `current` names the one in use, so
that a rebuild swaps it at once. They are made from the database by `rebuild` and are no part of its migrations.
"""
# ruff: noqa: S608 - what stands in statements are names of tables that we have made, never a word of a query
from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import msgspec
import structlog
from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from moviepoint.domains.search import postgres_statements as statements
from moviepoint.domains.search import ranking
from moviepoint.domains.search.analysis import title_key
from moviepoint.domains.search.conditions import Condition, whole
from moviepoint.domains.search.documents import Indexed, Stored, indexed
from moviepoint.domains.search.finding import find, suggest, understand
from moviepoint.domains.search.index import (
    RELEVANCE,
    Candidate,
    Found,
    IndexMissing,
    Matches,
    Query,
    Results,
    Selection,
)
from moviepoint.domains.search.postgres_statements import Values, lexeme
from moviepoint.domains.search.vocabulary import distance
from moviepoint.hooks.types import SearchDocument

log = structlog.get_logger(__name__)
VERSION = 1  # of the tables: an index of another version is not opened
SCHEMA = "moviepoint_search"
BATCH = 500
ALIKE = 0.05  # shared trigrams of two words: a swap in a word of four letters leaves one of nine
ROW = msgspec.msgpack.Decoder(Stored)
MISSING = (errors.UndefinedTable, errors.InvalidSchemaName, errors.UndefinedFunction, errors.UndefinedColumn)


class PostgresIndex:
    """SearchIndex in PostgreSQL; `name` tells several indexes of one database apart."""

    def __init__(self, engine: Engine, name: str, schema: str = SCHEMA) -> None:
        self.engine = engine
        self.name = name
        self.schema = schema

    def update(self, source: str, ids: Sequence[int], documents: Iterable[SearchDocument]) -> None:
        with self._connected() as connection:
            generation = self._open(connection)
            connection.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": generation})
            connection.execute(text(f"delete from {generation}_documents where source = :source and row = any(:ids)"),
                               {"source": source, "ids": list(ids)})
            _write(connection, generation, (indexed(source, document) for document in documents))

    def rebuild(self, documents: Mapping[str, Iterable[SearchDocument]]) -> int:
        generation = f"{self.schema}.{self.name}_v{VERSION}_{uuid.uuid4().hex[:12]}"
        with self._connected() as connection:
            connection.execute(text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": self.schema})
            for statement in _tables(self.schema, generation):
                connection.execute(text(statement))
            count = _write(connection, generation, (indexed(source, document) for source, rows in documents.items()
                                                    for document in rows))
            for statement in _indexes(generation):
                connection.execute(text(statement))
            old = connection.scalar(text(f"select generation from {self.schema}.current where name = :name"),
                                    {"name": self.name})
            connection.execute(text(
                f"insert into {self.schema}.current (name, generation) values (:name, :generation) "
                "on conflict (name) do update set generation = excluded.generation"),
                {"name": self.name, "generation": generation})
            for table in ("documents", "words"):
                connection.execute(text(f"analyze {generation}_{table}"))
                if old:
                    connection.execute(text(f"drop table if exists {old}_{table}"))
        return count

    def search(self, query: Query, limit: int) -> Results:
        with self._connected() as connection:
            return find(PostgresGeneration(connection, self._open(connection)), query, limit)

    def matches(self, source: str, query: Query, limit: int) -> Matches:
        with self._connected() as connection:
            generation = PostgresGeneration(connection, self._open(connection))
            conditions = [*whole(title_key(query.text)),
                          *(reading.condition for reading in understand(generation, query))]
            return generation.rows_of(source, conditions, limit)

    def suggest(self, prefix: str, limit: int) -> list[Found]:
        with self._connected() as connection:
            return suggest(PostgresGeneration(connection, self._open(connection)), prefix, limit)

    def generation(self) -> str:
        try:
            with self._connected() as connection:
                return self._open(connection)
        except IndexMissing:
            return ""

    def digests(self) -> dict[tuple[str, int], str]:
        with self._connected() as connection:
            rows = connection.execute(text(f"select source, row, digest from {self._open(connection)}_documents"))
            return {(source, row): digest for source, row, digest in rows}

    def _open(self, connection: Connection) -> str:
        """Return the generation in use, as the beginning of its tables' names. Raises IndexMissing."""
        found: str | None = connection.scalar(
            text(f"select generation from {self.schema}.current where name = :name"), {"name": self.name})
        if found is None or not found.startswith(f"{self.schema}.{self.name}_v{VERSION}_"):
            raise IndexMissing()
        return found

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Yield a connection, committed at the end; tables that are not there are an index that is missing."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            if isinstance(error.orig, MISSING):
                log.warning("search index cannot be read", error=repr(error.orig))
                raise IndexMissing() from None
            raise


class PostgresGeneration:
    """An OpenIndex on a connection."""

    def __init__(self, connection: Connection, generation: str) -> None:
        self.connection = connection
        self.documents, self.words = f"{generation}_documents", f"{generation}_words"

    def in_title(self, word: str) -> bool:
        return self._has(word, ["t"])

    def known(self, word: str) -> bool:
        return self._has(word, ["t", "p"])

    def near(self, word: str, reach: int) -> Mapping[str, int]:
        return self._near(word, reach, ["t", "p"])

    def near_stems(self, stem: str) -> Mapping[str, int]:
        return self._near(stem, 1, ["s"])

    def count(self, conditions: Sequence[Condition]) -> int:
        return int(self.connection.scalar(
            text(f"select count(*) from {self.documents} where terms @@ cast(:sought as tsquery)"),
            {"sought": statements.tsquery(conditions)}) or 0)

    def select(self, conditions: Sequence[Condition], query: Query, limit: int) -> Selection:
        values = Values()
        where = f"terms @@ {values.add(statements.tsquery(conditions), 'tsquery')}{statements.passing(query, values)}"
        scored = statements.score(conditions if query.order == RELEVANCE else (), values)
        rows = self._run(f"select data, {scored} as score, count(*) over () as total from {self.documents} "
                         f"where {where} order by {statements.order(query, values)} limit {values.add(limit)}", values)
        found = []
        for row in rows:
            kept = ROW.decode(bytes(row.data))
            found.append(Candidate(kept.source, kept.id, kept.kind, kept.names, float(row.score), kept.popularity,
                                   kept.votes))
        total = rows[0].total if rows else 0
        return Selection(tuple(found), total, self._facets(conditions, query))

    def rows_of(self, source: str, conditions: Sequence[Condition], limit: int) -> Matches:
        """Return the ids of a source's documents that meet one of the conditions, the best first."""
        values = Values()
        where = f"terms @@ {values.add(statements.tsquery(conditions), 'tsquery')} and source = {values.add(source)}"
        total = self._run(f"select count(*) as total from {self.documents} where {where}", values)[0].total
        rows = self._run(f"select row, {statements.score(conditions, values)} as score from {self.documents} "
                         f"where {where} order by score desc, row desc limit {values.add(limit)}", values)
        return Matches(tuple(row.row for row in rows), total)

    def _facets(self, conditions: Sequence[Condition], query: Query) -> Mapping[str, Mapping[str, int]]:
        """Count what each choice would give: those of a facet in which something is chosen without what is."""
        counts: dict[str, dict[str, int]] = {}
        own = list(statements.chosen_facets(query))
        for name in ("", *own):
            values = Values()
            where = f"terms @@ {values.add(statements.tsquery(conditions), 'tsquery')}"
            rows = self._run(f"select value, count(*) as number from {self.documents}, unnest(facets) as value "
                             f"where {where}{statements.passing(query, values, name)} group by value", values)
            for value, number in rows:
                facet, _, choice = value.partition("=")
                if facet == name or (not name and facet not in own):
                    counts.setdefault(facet, {})[choice] = number
        return counts

    def _has(self, word: str, fields: Sequence[str]) -> bool:
        return bool(self.connection.scalar(
            text(f"select exists (select 1 from {self.words} where word = :word and field = any(:fields))"),
            {"word": word, "fields": list(fields)}))

    def _near(self, word: str, reach: int, fields: Sequence[str]) -> Mapping[str, int]:
        self.connection.execute(text("select set_limit(cast(:alike as real))"), {"alike": ALIKE})
        rows = self.connection.scalars(
            text(f"select distinct word from {self.words} where word % :word and field = any(:fields) "
                 "and length(word) between :least and :most"),
            {"word": word, "fields": list(fields), "least": len(word) - reach, "most": len(word) + reach})
        return {other: apart for other in rows if 0 < (apart := distance(word, other, reach)) <= reach}

    def _run(self, statement: str, values: Values) -> Sequence[Any]:
        return self.connection.execute(text(statement), values.bound).all()


def _tables(schema: str, generation: str) -> Iterator[str]:
    yield "create extension if not exists pg_trgm"
    yield f"create schema if not exists {schema}"
    yield f"create table if not exists {schema}.current (name text primary key, generation text not null)"
    yield (f"create table {generation}_documents (source text not null, row bigint not null, digest text not null, "
           "data bytea not null, terms tsvector not null, names tsvector not null, facets text[] not null, "
           "year integer, rating float8, fame float8 not null, names_by jsonb not null, primary key (source, row))")
    yield f"create table {generation}_words (field text not null, word text not null, primary key (word, field))"


def _indexes(generation: str) -> Iterator[str]:
    yield f"create index on {generation}_documents using gin (terms)"
    yield f"create index on {generation}_words using gin (word gin_trgm_ops)"


def _write(connection: Connection, generation: str, documents: Iterator[Indexed]) -> int:
    """Insert documents and their words, some hundreds at a time; return how many."""
    count = 0
    while part := list(islice(documents, BATCH)):
        connection.execute(text(
            f"insert into {generation}_documents values (:source, :row, :digest, :data, array_to_tsvector(:terms), "
            "array_to_tsvector(:names), :facets, :year, :rating, :fame, cast(:names_by as jsonb))"),
            [_row(document) for document in part])
        words = {(letter, word) for document in part for field, letter in (
            ("title", "t"), ("people", "p"), ("tstem", "s")) for word in document.terms[field]}
        connection.execute(text(
            f"insert into {generation}_words select * from unnest(cast(:fields as text[]), cast(:words as text[])) "
            "on conflict do nothing"), {"fields": [field for field, _word in sorted(words)],
                                        "words": [word for _field, word in sorted(words)]})
        count += len(part)
    return count


def _row(document: Indexed) -> dict[str, Any]:
    stored, found = document.stored, {field: [lexeme(field, term) for term in terms]
                                      for field, terms in document.terms.items()}
    names = sorted({each for field, each_field in found.items() if field != "text" for each in each_field})
    return {"source": stored.source, "row": stored.id, "digest": stored.digest,
            "data": msgspec.msgpack.encode(stored), "terms": sorted({*names, *found["text"]}), "names": names,
            "facets": [f"{name}={value}" for name, values in stored.facets.items() for value in values],
            "year": stored.year, "rating": stored.rating,
            "fame": ranking.fame(stored.popularity, stored.votes),
            "names_by": msgspec.json.encode(stored.order).decode()}
