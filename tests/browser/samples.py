"""A small catalogue for browser tests: long names, missing texts, missing pictures, a series with two seasons."""
from __future__ import annotations

import colorsys
import io
import random
from datetime import date

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from moviepoint.domains.catalog import images, services
from moviepoint.domains.catalog.models import Title
from moviepoint.domains.catalog.schemas import (
    CreditInput,
    EpisodeInput,
    PersonInput,
    PersonTextInput,
    SeasonInput,
    TermInput,
    TextInput,
    TitleInput,
    TitleTextInput,
)
from moviepoint.kernel.files import Storage
from moviepoint.kernel.policies import SYSTEM

GENRES = {"comedy": ("Comedy", "Комедия"), "drama": ("Drama", "Драма"), "horror": ("Horror", "Ужасы"),
          "science-fiction": ("Science fiction", "Научная фантастика")}
#: English, original and Russian title, year, language, genres.
FILMS = (
    ("A Trip to the Moon", "Le Voyage dans la Lune", "Путешествие на Луну", 1902, "fr", ("science-fiction",)),
    ("Metropolis", "Metropolis", "Метрополис", 1927, "de", ("science-fiction", "drama")),
    ("Nosferatu", "Nosferatu, eine Symphonie des Grauens", "Носферату. Симфония ужаса", 1922, "de", ("horror",)),
    ("The Extraordinary Adventures of Mr. West in the Land of the Bolsheviks",
     "Необычайные приключения мистера Веста в стране большевиков",
     "Необычайные приключения мистера Веста в стране большевиков", 1924, "ru", ("comedy",)),
    ("Häxan", "Häxan", "", 1922, "sv", ("horror",)),
    ("Sherlock Jr.", "Sherlock Jr.", "Шерлок-младший", 1924, "en", ("comedy",)),
)
OVERVIEW = ("A ruler's son goes down to the machine halls and sees what his city rests upon.",
            "Сын правителя спускается в машинные залы и видит, на чём держится его город.")
EPISODES = (("The Severed Head", "Отрубленная голова"), ("The Ring That Kills", "Кольцо-убийца"),
            ("The Red Codebook", ""))


def fill(session: Session, storage: Storage) -> None:
    """Write the sample catalogue and publish it."""
    for slug, (english, russian) in GENRES.items():
        services.save_genre(session, SYSTEM, TermInput(slug=slug, names={"en": english, "ru": russian}))
    credits = people(session)
    for number, (english, original, russian, year, language, genres) in enumerate(FILMS):
        texts = {"en": TitleTextInput(name=english, overview=OVERVIEW[0])}
        if russian:
            texts["ru"] = TitleTextInput(name=russian, overview=OVERVIEW[1])
        film = services.save_title(session, SYSTEM, TitleInput(
            kind="film", original_title=original, original_language=language, year=year, runtime=60 + year % 60,
            countries=["DE"], genres=list(genres), texts=texts, credits=credits))
        if number != 5:
            images.add_image(session, SYSTEM, storage, film, "poster", picture(number, 600, 900))
        if number == 2:
            images.add_image(session, SYSTEM, storage, film, "backdrop", picture(99, 1600, 900))
        services.publish(session, SYSTEM, film.id)
    draft = services.save_title(session, SYSTEM, TitleInput(kind="film", original_title="A Draft", year=1930))
    images.add_image(session, SYSTEM, storage, draft, "poster", picture(7, 600, 900))
    series(session, storage, credits)


def people(session: Session) -> list[CreditInput]:
    """Write some people and return credits for them."""
    names = (("Fritz Lang", "Фриц Ланг"), ("Thea von Harbou", ""), ("Brigitte Helm", "Бригитта Хельм"))
    rows = [services.save_person(session, SYSTEM, PersonInput(
        name=english, birth_year=1890, death_year=1976,
        texts={"en": PersonTextInput(biography="Drew films before shooting them."),
               **({"ru": PersonTextInput(name=russian)} if russian else {})})) for english, russian in names]
    return [CreditInput(person_id=rows[0].id, department="directing", job="Director"),
            CreditInput(person_id=rows[1].id, department="writing", job="Writer"),
            CreditInput(person_id=rows[2].id, character="Maria")]


def series(session: Session, storage: Storage, credits: list[CreditInput]) -> Title:
    """Write a series of two seasons."""
    title = services.save_title(session, SYSTEM, TitleInput(
        kind="series", original_title="Les Vampires", original_language="fr", year=1915, end_year=1916,
        countries=["FR"], genres=["drama"], credits=credits,
        texts={"en": TitleTextInput(name="The Vampires", overview=OVERVIEW[0]),
               "ru": TitleTextInput(name="Вампиры", tagline="Кто вы?", overview=OVERVIEW[1])}))
    for number in (1, 2):
        season = services.save_season(session, SYSTEM, title.id, SeasonInput(number=number))
        for position, (english, russian) in enumerate(EPISODES, 1):
            texts = {"en": TextInput(name=english, overview=OVERVIEW[0])}
            if russian:
                texts["ru"] = TextInput(name=russian, overview=OVERVIEW[1])
            episode = services.save_episode(session, SYSTEM, season.id, EpisodeInput(
                number=position, original_title="La Tête coupée", runtime=33, air_date=date(1915, 11, 13), texts=texts))
            if number == 2:
                images.add_image(session, SYSTEM, storage, episode, "still", picture(position, 960, 540))
    return services.publish(session, SYSTEM, title.id)


def picture(seed: int, width: int, height: int) -> bytes:
    """Return a JPEG of circles on a ground."""
    dice = random.Random(seed)
    hue = dice.random()
    colours = [tuple(int(255 * part) for part in colorsys.hsv_to_rgb((hue + n / 9) % 1, .6, .3 + n / 8))
               for n in range(4)]
    image = Image.new("RGB", (width, height), colours[0])
    draw = ImageDraw.Draw(image)
    for colour in colours[1:]:
        x, y, radius = dice.randrange(width), dice.randrange(height), dice.randrange(width // 6, width // 2)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()
