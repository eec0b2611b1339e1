"""The admin as one would write it for these tables: look-ups and not selects, relations loaded with the list."""
from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from django_site.models import Credit, Genre, Person, Title, TitleText


class TextInline(admin.TabularInline):
    model = TitleText
    extra = 0


class CreditInline(admin.TabularInline):
    model = Credit
    extra = 1
    autocomplete_fields = ("person",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credit]:
        return super().get_queryset(request).select_related("person")


@admin.register(Title)
class TitleAdmin(admin.ModelAdmin):
    list_display = ("original_title", "kind", "year", "names", "genre_names", "status")
    list_filter = ("kind", "status", "genres", "year")
    search_fields = ("original_title", "texts__name")
    list_per_page = 50
    filter_horizontal = ("genres",)
    inlines = (TextInline, CreditInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Title]:
        return super().get_queryset(request).prefetch_related("texts", "genres")

    @admin.display(description="Languages")
    def names(self, title: Title) -> str:
        return ", ".join(text.locale for text in title.texts.all())

    @admin.display(description="Genres")
    def genre_names(self, title: Title) -> str:
        return ", ".join(genre.slug for genre in title.genres.all())


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    search_fields = ("name",)


@admin.register(Genre)
class GenreAdmin(admin.ModelAdmin):
    list_display = ("slug",)
