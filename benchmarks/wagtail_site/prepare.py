"""Make the site's database from one of ours, named as the argument: pages, genres, people, credits, posters, index.

Rows are written in bulk, with the paths that Wagtail would have given them one by one.
"""
from __future__ import annotations

import os
import sqlite3
import string
import sys
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wagtail_site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils.timezone import now  # noqa: E402
from PIL import Image as Picture  # noqa: E402
from wagtail.images.models import Filter, Image, Rendition  # noqa: E402
from wagtail.models import Collection, Locale, Page, Site  # noqa: E402

from wagtail_site.models import SIZES, Credit, FilmPage, Genre, HomePage, ListPage, Person  # noqa: E402

DIGITS = string.digits + string.ascii_uppercase


def main() -> None:
    made = Path(os.environ["BENCHMARK_DATABASE"]).parent / "made_migrations"
    made.mkdir(exist_ok=True)
    (made / "__init__.py").touch()
    call_command("makemigrations", "wagtail_site", verbosity=0)
    call_command("migrate", verbosity=0)
    ours = sqlite3.connect(sys.argv[1])
    with transaction.atomic():
        lists = make_tree()
        Genre.objects.bulk_create(Genre(id=i, slug=slug, name=name) for i, slug, name in ours.execute(
            "select g.id, g.slug, t.name from genres g join genre_texts t on t.genre_id = g.id and t.locale = 'en'"))
        Person.objects.bulk_create((Person(id=i, slug=slug, name=name) for i, slug, name in ours.execute(
            "select id, slug, name from people")), batch_size=5000)
        pictures = make_posters([row[0] for row in ours.execute("select title_id from images where kind = 'poster'")])
        pages = make_films(ours, lists, pictures)
        through = FilmPage.genres.through
        through.objects.bulk_create((through(filmpage_id=pages[title], genre_id=genre) for title, genre in ours.execute(
            "select title_id, genre_id from title_genres")), batch_size=5000)
        Credit.objects.bulk_create((
            Credit(film_id=pages[title], person_id=person, sort_order=place, department=department, character=character)
            for title, person, place, department, character in ours.execute(
                "select title_id, person_id, position, department, character from credits")), batch_size=5000)
    call_command("update_index", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
        cursor.execute("pragma wal_checkpoint(truncate)")  # readers would look through a long log
    connection.close()


def make_tree() -> dict[str, ListPage]:
    """Enter the home page and a list for each kind; returns the lists."""
    Site.objects.all().delete()
    root = Page.get_first_root_node()
    for page in root.get_children():
        page.delete()
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title="Films", slug="home"))
    Site.objects.create(hostname="127.0.0.1", port=80, root_page=home, is_default_site=True)
    return {kind: home.add_child(instance=ListPage(title=title, slug=slug, kind=kind))
            for kind, slug, title in (("film", "films", "Films"), ("series", "series", "Series"))}


def make_posters(titles: list[int]) -> dict[int, int]:
    """Enter a picture with both sizes for each title; all of them are one file. Returns pictures by title."""
    folder = Path(settings.MEDIA_ROOT)
    for name, size in (("original_images", (600, 900)), ("images", (400, 600))):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Picture.new("RGB", size, "navy").save(folder / name / "poster.jpg")
    collection = Collection.get_first_root_node()
    Image.objects.bulk_create((Image(id=title, title=f"Poster {title}", file="original_images/poster.jpg", width=600,
                                     height=900, collection=collection) for title in titles), batch_size=5000)
    keys = {spec: Filter(spec=spec).get_cache_key(Image()) for spec in SIZES}  # else they were made anew by each page
    Rendition.objects.bulk_create((
        Rendition(image_id=title, filter_spec=spec, file="images/poster.jpg", focal_point_key=keys[spec],
                  width=int(spec[5:8]), height=int(spec[9:])) for title in titles for spec in SIZES), batch_size=5000)
    return {title: title for title in titles}


def make_films(ours: sqlite3.Connection, lists: dict[str, ListPage], pictures: dict[int, int]) -> dict[int, int]:
    """Enter all titles as pages below their list; returns pages by title."""
    kind_of, locale = ContentType.objects.get_for_model(FilmPage), Locale.objects.get()
    first = (Page.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    pages: list[Page] = []
    films: list[tuple[Any, ...]] = []
    found: dict[int, int] = {}
    counts = dict.fromkeys(lists, 0)
    for title, kind, slug, year, runtime, countries, live, name, overview in ours.execute(
            "select t.id, t.kind, t.slug, t.year, t.runtime, t.countries, t.status = 'published', x.name, x.overview "
            "from titles t join title_texts x on x.title_id = t.id and x.locale = 'en' order by t.id"):
        above, found[title] = lists[kind], first + len(pages)
        counts[kind] += 1
        pages.append(Page(id=found[title], path=above.path + in_base_36(counts[kind]), depth=above.depth + 1,
                          title=name, draft_title=name, slug=slug, url_path=f"{above.url_path}{slug}/", live=bool(live),
                          content_type=kind_of, locale=locale, first_published_at=now(), last_published_at=now()))
        films.append((found[title], kind, year, runtime, countries, overview, pictures.get(title)))
    Page.objects.bulk_create(pages, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.executemany("insert into wagtail_site_filmpage (page_ptr_id, kind, year, runtime, countries, overview, "
                           "poster_id) values (%s, %s, %s, %s, %s, %s, %s)", films)
    for kind, above in lists.items():
        Page.objects.filter(pk=above.pk).update(numchild=counts[kind])
    return found


def in_base_36(number: int) -> str:
    """Return a step of a page's path."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text.rjust(4, "0")


main()
