"""The catalogue's views in the back office."""
from __future__ import annotations

from moviepoint.domains.catalog.admin.collections import CollectionsView
from moviepoint.domains.catalog.admin.panel import catalogue_figures
from moviepoint.domains.catalog.admin.people import PeopleView
from moviepoint.domains.catalog.admin.terms import CompaniesView, GenresView, KeywordsView
from moviepoint.domains.catalog.admin.titles import TitlesView

__all__ = ["CollectionsView", "CompaniesView", "GenresView", "KeywordsView", "PeopleView", "TitlesView",
           "catalogue_figures"]
