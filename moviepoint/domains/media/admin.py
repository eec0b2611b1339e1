"""The back office's view of encoding: jobs with live progress, cancel and retry."""
from __future__ import annotations

import math
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.media import queries, services
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.frame import View

SHOWN = 50
VERBS = {"cancel": services.cancel_job, "retry": services.retry_job}
PRIORITY_STEP = 10


class JobsView(View):
    """Jobs and their steps; the tables renew themselves by a fragment of the same page."""

    permission = "media.manage"

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Encoding"), endpoint="media_jobs", url="jobs")

    @expose("/")
    def index(self) -> Any:
        """Show jobs by state and page; `?fragment=1` gives the table alone."""
        session, state = db.session(), request.args.get("state", "")
        counts = queries.job_counts(session, current_user)
        total = counts.get(state, 0) if state else sum(counts.values())
        pages = max(1, math.ceil(total / SHOWN))
        page = min(max(1, request.args.get("page", 1, type=int)), pages)
        rows = list(session.scalars(queries.jobs(current_user, state).limit(SHOWN).offset((page - 1) * SHOWN)))
        template = "media/admin/jobs_table.html" if "fragment" in request.args else "media/admin/jobs.html"
        return self.render(template, jobs=queries.job_views(session, rows), state=state, counts=counts, page=page,
                           pages=pages)

    @expose("/retry-failed", methods=("POST",))
    def retry_failed(self) -> Response:
        """Take up all failed jobs again."""
        count = 0
        with self.saving() as session:
            count = services.retry_failed(session, current_user)
        if self.failure is None:
            flash(_("Jobs taken up again: %(count)s.", count=count), "success")
        return redirect(self.get_url(".index"))

    @expose("/<int:job_id>/<any(sooner, later):verb>", methods=("POST",))
    def prioritise(self, job_id: int, verb: str) -> Response:
        """Move a job up or down in the queue, and return to it."""
        step = PRIORITY_STEP if verb == "sooner" else -PRIORITY_STEP
        with self.saving(_("Saved.")) as session:
            job = queries.job_detail(session, current_user, job_id).job
            services.set_priority(session, current_user, job_id, job.priority + step)
        return redirect(self.get_url(".detail", job_id=job_id))

    @expose("/<int:job_id>")
    def detail(self, job_id: int) -> Any:
        """Show one job with its steps."""
        shown = queries.job_detail(db.session(), current_user, job_id)
        template = "media/admin/job_steps.html" if "fragment" in request.args else "media/admin/job.html"
        return self.render(template, detail=shown, job=shown.job)

    @expose("/<int:job_id>/<any(cancel, retry):verb>", methods=("POST",))
    def change(self, job_id: int, verb: str) -> Response:
        """Cancel or retry a job, and return to it."""
        done = _("The job was called off.") if verb == "cancel" else _("The job was taken up again.")
        with self.saving(done) as session:
            VERBS[verb](session, current_user, job_id)
        return redirect(self.get_url(".detail", job_id=job_id))
