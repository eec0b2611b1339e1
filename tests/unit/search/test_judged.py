"""Queries as people type them, each with the one title or person that they mean."""
from __future__ import annotations

import pytest

from moviepoint.domains.search.queries import make_query, run
from moviepoint.domains.search.whoosh_index import WhooshIndex

from .conftest import Shelf

FIRST = {
    "english": [("metropolis", "Metropolis"), ("the general", "The General"), ("sherlock jr", "Sherlock Jr."),
                ("safety last", "Safety Last!"), ("a trip to the moon", "A Trip to the Moon"),
                ("battleship potemkin", "Battleship Potemkin"), ("great train robbery", "The Great Train Robbery")],
    "russian": [("метрополис", "Metropolis"), ("путешествие на луну", "A Trip to the Moon"),
                ("человек с киноаппаратом", "Man with a Movie Camera"), ("аэлита", "Aelita: Queen of Mars"),
                ("шерлок младший", "Sherlock Jr."), ("восход солнца", "Sunrise")],
    "original": [("der letzte mann", "The Last Laugh"), ("le voyage dans la lune", "A Trip to the Moon"),
                 ("napoléon", "Napoleon"), ("napoleon", "Napoleon")],
    "ё or е": [("броненосец потёмкин", "Battleship Potemkin"), ("броненосец потемкин", "Battleship Potemkin")],
    "case and marks": [("METROPOLIS!!!", "Metropolis"), ("  «Аэлита»  ", "Aelita: Queen of Mars"),
                       ("Sherlock-Jr", "Sherlock Jr.")],
    "transliterated": [("bronenosets potemkin", "Battleship Potemkin"), ("chelovek s kinoapparatom",
                                                                       "Man with a Movie Camera")],
    "typing error": [("metropolsi", "Metropolis"), ("metrpolis", "Metropolis"), ("potemkn", "Battleship Potemkin"),
                     ("метрополес", "Metropolis"), ("nosferatue", "Nosferatu"), ("аелита", "Aelita: Queen of Mars")],
    "inflected": [("путешествия на луну", "A Trip to the Moon"), ("вампиров", "Les Vampires")],
    "unfinished": [("metrop", "Metropolis"), ("броненос", "Battleship Potemkin"), ("sherlock j", "Sherlock Jr.")],
    "person": [("fritz lang", "Fritz Lang"), ("фриц ланг", "Fritz Lang"), ("buster keaton", "Buster Keaton"),
               ("бастер китон", "Buster Keaton"), ("эйзенштейн", "Sergei Eisenstein"), ("melies", "Georges Méliès")],
}


@pytest.mark.parametrize(("text", "meant"), [pytest.param(text, meant, id=f"{kind}: {text}")
                                            for kind, pairs in FIRST.items() for text, meant in pairs])
def test_what_was_meant_comes_first(index: WhooshIndex, shelf: Shelf, text: str, meant: str) -> None:
    results = run(index, make_query(text))
    names = [shelf.name(hit.source, hit.id) for hit in results.found[:5]]
    assert names[:1] == [meant], f"{text!r} found {names}"


@pytest.mark.parametrize(("text", "meant"), [
    ("keaton locomotive", "The General"), ("китон паровозы", "The General"),
    ("murnau wife city", "Sunrise"), ("workers machines", "Metropolis"),
    ("мурнау швейцар", "The Last Laugh"), ("москва марс", "Aelita: Queen of Mars")])
def test_people_and_overviews_lead_to_the_title(index: WhooshIndex, shelf: Shelf, text: str, meant: str) -> None:
    results = run(index, make_query(text))
    assert meant in [shelf.name(hit.source, hit.id) for hit in results.found[:5]]


@pytest.mark.parametrize("text", ["", "   ", "!!!", "()[]{}*?", "'\"", "\x00\x01", "zqxjkvbwzqxj", "----"])
def test_what_means_nothing_finds_nothing(index: WhooshIndex, text: str) -> None:
    results = run(index, make_query(text))
    assert (results.found, results.total) == ((), 0)


@pytest.mark.parametrize("text", ["AND", "NOT metropolis", "title:metropolis", "metro*", "a" * 200, "и " * 100,
                                  "\ud83c\udfac", "%27 OR 1=1", "../../etc", "e\u0301" * 60])
def test_hostile_queries_are_only_words(index: WhooshIndex, text: str) -> None:
    results = run(index, make_query(text))
    assert results.total == len(results.found)


def test_every_title_is_found_first_by_each_of_its_names(index: WhooshIndex, shelf: Shelf) -> None:
    missed = []
    for number, work in enumerate(shelf.works):
        for name in {work.en, work.ru, work.original_title}:
            best = run(index, make_query(name)).found[:1]
            if not best or (best[0].source, best[0].id) != ("title", number):
                missed.append(name)
    assert missed == []


def test_every_person_is_found_by_each_of_their_names(index: WhooshIndex, shelf: Shelf) -> None:
    missed = [name for number, person in enumerate(shelf.people) for name in (person.name, person.ru)
              if ("person", number) not in [(hit.source, hit.id) for hit in run(index, make_query(name)).found[:3]]]
    assert missed == []
