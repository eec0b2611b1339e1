"""The back office's view of encoding: jobs with live progress, cancel and retry."""
from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.media import queries, services
from moviepoint.domains.media.backoffice import encoding_figures
from moviepoint.domains.media.models import JOB_STATES
from moviepoint.domains.media.queries import JobFilter
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.frame import View

SHOWN = 50
VERBS = {"cancel": services.cancel_job, "retry": services.retry_job}
PRIORITY_STEP = 10
SORTS = ("newest", "oldest", "priority", "finished")


class JobsView(View):
    """Jobs and their steps; the tables renew themselves by a fragment of the same page."""

    permission = "media.manage"

    commands = ((lazy_gettext("Failed jobs"), ".index", {"state": "failed"}),)

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Encoding"), endpoint="media_jobs", url="jobs")

    @expose("/")
    def index(self) -> Any:
        """Show jobs by what the filters ask for; `?fragment=1` gives the table alone."""
        session, wanted = db.session(), read_filter(request.args)
        counts = queries.job_counts(session, current_user, wanted)
        total = counts.get(wanted.state, 0) if wanted.state else sum(counts.values())
        pages = max(1, math.ceil(total / SHOWN))
        page = min(max(1, request.args.get("page", 1, type=int)), pages)
        rows = list(session.scalars(queries.jobs(current_user, wanted).limit(SHOWN).offset((page - 1) * SHOWN)))
        template = "media/admin/jobs_table.html" if "fragment" in request.args else "media/admin/jobs.html"
        return self.render(template, jobs=queries.job_views(session, rows), wanted=shown_filter(wanted), counts=counts,
                           page=page, pages=pages, brief=False)

    @expose("/now")
    def now(self) -> Any:
        """Show what the first page says of encoding, for it to renew itself."""
        return self.render("media/admin/figures_now.html", panel_context=encoding_figures(db.session()))

    @expose("/retry-failed", methods=("POST",))
    def retry_failed(self) -> Response:
        """Take up all failed jobs of a filter again."""
        count, wanted = 0, read_filter(request.form)
        with self.saving() as session:
            count = services.retry_failed(session, current_user, wanted)
        if self.failure is None:
            flash(_("Jobs taken up again: %(count)s.", count=count), "success")
        return redirect(self.get_url(".index", **shown_filter(wanted)))

    @expose("/<int:job_id>/<any(sooner, later):verb>", methods=("POST",))
    def prioritise(self, job_id: int, verb: str) -> Response:
        """Move a job up or down in the queue, and return to where one was."""
        step = PRIORITY_STEP if verb == "sooner" else -PRIORITY_STEP
        with self.saving(_("Saved.")) as session:
            job = queries.job_detail(session, current_user, job_id).job
            services.set_priority(session, current_user, job_id, job.priority + step)
        return self._back(job_id)

    @expose("/<int:job_id>")
    def detail(self, job_id: int) -> Any:
        """Show one job with its steps."""
        shown = queries.job_detail(db.session(), current_user, job_id)
        template = "media/admin/job_steps.html" if "fragment" in request.args else "media/admin/job.html"
        return self.render(template, detail=shown, job=shown.job)

    @expose("/<int:job_id>/<any(cancel, retry):verb>", methods=("POST",))
    def change(self, job_id: int, verb: str) -> Response:
        """Cancel or retry a job, and return to where one was."""
        done = _("The job was called off.") if verb == "cancel" else _("The job was taken up again.")
        with self.saving(done) as session:
            VERBS[verb](session, current_user, job_id)
        return self._back(job_id)

    def _back(self, job_id: int) -> Response:
        """Return to a list with its filters; from elsewhere, to the job. Only our own lists are believed."""
        back = request.form.get("back", "")
        index = self.get_url(".index")
        return redirect(back if back.startswith((f"{index}?", f"{index}#")) else self.get_url(".detail", job_id=job_id))


def read_filter(values: Mapping[str, str]) -> JobFilter:
    """Return a filter from an address or a form; what cannot be read asks for nothing."""
    state, sort, edition = values.get("state", ""), values.get("sort", ""), values.get("edition_id", "")
    return JobFilter(
        state if state in JOB_STATES else "", values.get("text", "").strip()[:200], values.get("who", "").strip()[:200],
        _day(values.get("since", "")), _day(values.get("until", "")),
        int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 10 else None,
        sort if sort in SORTS else "")  # type: ignore[arg-type]


def shown_filter(wanted: JobFilter) -> dict[str, str]:
    """Return a filter as an address has it, without what is not asked for."""
    values = {name: getattr(wanted, name) for name in JobFilter.__struct_fields__}
    return {name: str(value) for name, value in values.items() if value not in ("", None)}


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9000 else None
