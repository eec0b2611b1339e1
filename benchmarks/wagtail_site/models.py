"""Films as pages below lists of films, with genres, credits and a poster; each page gets its rows in few queries."""
from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Count, F, Prefetch
from django.http import HttpRequest
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.images.models import Image
from wagtail.models import Orderable, Page
from wagtail.search import index
from wagtail.snippets.models import register_snippet

SIZES = ("fill-200x300", "fill-400x600")
ROW, PER_PAGE, GENRE_ROWS, REVIEWS = 18, 36, 4, 4


@register_snippet
class Genre(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)


@register_snippet
class Person(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)


def genres_in_use(kind: str = "") -> models.QuerySet[Genre]:
    """Return genres with how many films have them, the most used first."""
    kinds = {"filmpage__kind": kind} if kind else {}
    return Genre.objects.filter(filmpage__live=True, **kinds).annotate(films=Count("filmpage")).order_by("-films")


class HomePage(Page):
    """A head and seven rows of cards."""

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        films = FilmPage.cards()
        newest = films.order_by("-first_published_at", "-pk")
        rows = [("Newest", newest[:ROW]), ("Series", newest.filter(kind="series")[:ROW])]
        rows += [(genre.name, films.filter(genres=genre).order_by("year", "pk")[:ROW])
                 for genre in genres_in_use()[:GENRE_ROWS]]
        rows += [("Films", newest.filter(kind="film")[:ROW])]
        return context | {"hero": newest.prefetch_related("genres").first(), "rows": rows}


class ListPage(Page):
    """All films of a kind, newest first, a page at a time; of one genre, if one is asked for."""

    kind = models.CharField(max_length=10)
    content_panels = [*Page.content_panels, FieldPanel("kind")]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        films = FilmPage.cards().filter(kind=self.kind).order_by("-first_published_at", "-pk")
        if genre := request.GET.get("genre"):
            films = films.filter(genres__slug=genre)
        return context | {"films": Paginator(films, PER_PAGE).get_page(request.GET.get("page")),
                          "genres": genres_in_use(self.kind)}


class FilmPage(Page):
    """A film or a series."""

    kind = models.CharField(max_length=10)
    year = models.IntegerField(null=True)
    runtime = models.IntegerField(null=True)
    countries = models.CharField(max_length=100, blank=True)
    overview = models.TextField(blank=True)
    poster = models.ForeignKey(Image, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    genres = ParentalManyToManyField(Genre)
    content_panels = [*Page.content_panels, FieldPanel("year"), FieldPanel("runtime"), FieldPanel("overview"),
                      FieldPanel("poster"), FieldPanel("genres"), InlinePanel("credits")]
    search_fields = [*Page.search_fields, index.SearchField("overview"), index.FilterField("kind"),
                     index.FilterField("year")]

    @classmethod
    def cards(cls) -> Any:
        """Return live films with their posters and those sizes of them that cards show, in three queries."""
        return cls.objects.live().prefetch_related(
            Prefetch("poster", queryset=Image.objects.prefetch_renditions(*SIZES)))

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        genres = list(self.genres.all())
        related = (FilmPage.cards().filter(genres__in=genres).exclude(pk=self.pk).annotate(
            shared=Count("pk"), apart=models.functions.Abs(F("year") - (self.year or 0))
        ).order_by("-shared", "apart", "pk")[:ROW])
        credits = list(self.credits.select_related("person"))
        score = Score.objects.filter(film=self).first()
        reviews = list(Review.objects.filter(film=self).select_related("author")
                       .order_by("-rank", "-created")[:REVIEWS])
        return context | {"genres": genres, "credits": credits, "related": related, "score": score,
                          "reviews": reviews, "schema": json.dumps(self.schema(genres, credits, score))}

    def schema(self, genres: list[Genre], credits: list[Credit], score: Score | None) -> dict[str, Any]:
        """Return the film in the words of schema.org."""
        people = {name: [{"@type": "Person", "name": credit.person.name, "url": f"/people/{credit.person.slug}"}
                         for credit in credits if credit.department == department]
                  for department, name in (("directing", "director"), ("writing", "author"), ("acting", "actor"))}
        rated = {"aggregateRating": {"@type": "AggregateRating", "ratingCount": score.votes,
                                     "ratingValue": score.total / score.votes}} if score else {}
        return {"@context": "https://schema.org", "@type": "Movie", "name": self.title, "url": self.full_url,
                "description": self.overview, "dateCreated": str(self.year), "duration": f"PT{self.runtime}M",
                "genre": [genre.name for genre in genres], "countryOfOrigin": self.countries, **people, **rated}


class Score(models.Model):
    film = models.OneToOneField(FilmPage, on_delete=models.CASCADE)
    votes = models.IntegerField()
    total = models.IntegerField()
    counts = models.JSONField()


class Review(models.Model):
    film = models.ForeignKey(FilmPage, on_delete=models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.TextField()
    created = models.DateTimeField()
    rank = models.FloatField(default=0)


class Credit(Orderable):
    film = ParentalKey(FilmPage, on_delete=models.CASCADE, related_name="credits")
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    department = models.CharField(max_length=40)
    character = models.CharField(max_length=200, blank=True)
    panels = [FieldPanel("person"), FieldPanel("department"), FieldPanel("character")]
