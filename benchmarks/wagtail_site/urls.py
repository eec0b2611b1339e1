"""The search page, and Wagtail's tree of pages for all else."""
from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as admin_urls

from wagtail_site.models import FilmPage, genres_in_use


def search(request: HttpRequest) -> HttpResponse:
    """Show twenty results at a time, with the genres that one may look at instead."""
    words = request.GET.get("q", "")
    found = FilmPage.cards().search(words)
    return TemplateResponse(request, "wagtail_site/search.html", {
        "words": words, "films": Paginator(found, 20).get_page(request.GET.get("page")), "genres": genres_in_use()})


urlpatterns = [path("search/", search), path("admin/", include(admin_urls)), path("", include(wagtail_urls))]
