"""MoviePoint's own tables, as Django sees them."""
from __future__ import annotations

from django.db import models


class Genre(models.Model):
    slug = models.CharField(max_length=100, unique=True)

    class Meta:
        managed = False
        db_table = "genres"
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


class Person(models.Model):
    slug = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    birth_year = models.IntegerField(null=True, blank=True)
    death_year = models.IntegerField(null=True, blank=True)

    class Meta:
        managed = False
        db_table = "people"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Title(models.Model):
    kind = models.CharField(max_length=10, choices=[("film", "Film"), ("series", "Series")])
    slug = models.CharField(max_length=100, unique=True)
    original_title = models.CharField(max_length=300)
    original_language = models.CharField(max_length=35)
    year = models.IntegerField(null=True, blank=True)
    end_year = models.IntegerField(null=True, blank=True)
    runtime = models.IntegerField(null=True, blank=True)
    countries = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=10, choices=[
        (name, name.title()) for name in ("draft", "in_review", "scheduled", "published", "archived")])
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    genres = models.ManyToManyField(Genre, db_table="django_title_genres", blank=True)

    class Meta:
        managed = False
        db_table = "titles"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.original_title} ({self.year})"


class TitleText(models.Model):
    title = models.ForeignKey(Title, models.CASCADE, related_name="texts")
    locale = models.CharField(max_length=35)
    name = models.CharField(max_length=300, blank=True)
    tagline = models.CharField(max_length=300, blank=True)
    overview = models.TextField(blank=True)

    class Meta:
        managed = False
        db_table = "title_texts"

    def __str__(self) -> str:
        return self.name


class Credit(models.Model):
    title = models.ForeignKey(Title, models.CASCADE, related_name="credits")
    person = models.ForeignKey(Person, models.CASCADE)
    department = models.CharField(max_length=40)
    job = models.CharField(max_length=80, blank=True)
    character = models.CharField(max_length=200, blank=True)
    guest = models.BooleanField(default=False)
    position = models.IntegerField(default=0)

    class Meta:
        managed = False
        db_table = "credits"
        ordering = ("position",)

    def __str__(self) -> str:
        return self.character
