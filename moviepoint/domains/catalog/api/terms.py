"""Keywords and companies as resources: the same views for both."""
from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint
from flask import Response as FlaskResponse
from spectree import Response

from moviepoint.domains.accounts.viewer import current_viewer, signed_in
from moviepoint.domains.catalog import queries, services
from moviepoint.domains.catalog.models import Company, Keyword
from moviepoint.domains.catalog.schemas import CompanyInput, TermInfo, TermInput, TitleCard
from moviepoint.domains.catalog.show import term_info, title_card
from moviepoint.domains.catalog.words import reader
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, PageQuery, blueprint, paged, spec
from moviepoint.shells.api.language import in_language


class TermsQuery(PageQuery, kw_only=True):
    """`name` is sought in all languages."""

    name: str = ""


def make(model: Any, plural: str, taken: Any) -> Blueprint:
    """Return the resource of keywords or companies; `taken` is the struct that a write takes."""
    resource = blueprint(plural, __name__)

    @resource.get(f"/{plural}", endpoint="list")
    @in_language
    @spec.validate(resp=Response(HTTP_200=Page[TermInfo]), tags=[plural])
    def list_terms(query: TermsQuery) -> Page[TermInfo]:
        """List them by their slugs."""
        chain = reader().chain
        return paged(db.session(), queries.keywords_and_companies(model, query.name), query,
                     lambda rows: [term_info(row, chain) for row in rows])

    @resource.get(f"/{plural}/<int:term_id>", endpoint="get")
    @in_language
    @spec.validate(resp=Response(HTTP_200=TermInfo), tags=[plural])
    def get_term(term_id: int) -> TermInfo:
        """Show one."""
        return term_info(services.find(db.session(), model, term_id), reader().chain)

    def create_term(json: Any) -> TermInfo:
        """Enter one; `names` is by locale."""
        with unit_of_work() as session:
            return term_info(services.save_term(session, signed_in(), model, json), reader().chain)

    def change_term(term_id: int, json: Any) -> TermInfo:
        """Change its names or its slug."""
        with unit_of_work() as session:
            return term_info(services.save_term(session, signed_in(), model, json, term_id), reader().chain)

    for function, method, address in ((create_term, "POST", f"/{plural}"),
                                      (change_term, "PATCH", f"/{plural}/<int:term_id>")):
        function.__annotations__["json"] = taken
        checked = spec.validate(resp=Response(HTTP_200=TermInfo), tags=[plural])(function)
        resource.add_url_rule(address, function.__name__, in_language(checked), methods=[method])

    @resource.delete(f"/{plural}/<int:term_id>", endpoint="delete")
    def delete_term(term_id: int) -> FlaskResponse:
        """Delete one that no title has any more."""
        with unit_of_work() as session:
            services.delete_term(session, signed_in(), model, term_id)
        return FlaskResponse(status=204)

    return resource


keywords = make(Keyword, "keywords", TermInput)
companies = make(Company, "companies", CompanyInput)


class CompanyTitlesQuery(PageQuery, kw_only=True):
    """`role` narrows to one part of the company; `sort_by` is as in the lists of films."""

    role: Literal["", "production", "distribution", "broadcast"] = ""
    sort_by: str = "year.asc"


@companies.get("/companies/<int:company_id>/titles")
@in_language
@spec.validate(resp=Response(HTTP_200=Page[TitleCard]), tags=["companies"])
def list_company_titles(company_id: int, query: CompanyTitlesQuery) -> Page[TitleCard]:
    """List the titles that the viewer sees in which a company has a part."""
    session, chain = db.session(), reader().chain
    services.find(session, Company, company_id)
    statement = queries.titles_of_company(current_viewer(), company_id, query.role, query.sort_by)
    return paged(session, statement, query, lambda rows: [title_card(row, chain) for row in rows])
