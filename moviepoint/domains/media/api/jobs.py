"""Jobs as a resource of the API: look, cancel, try again."""
from __future__ import annotations

from spectree import Response

from moviepoint.domains.accounts.viewer import signed_in
from moviepoint.domains.media import queries, services
from moviepoint.domains.media.schemas import (
    Job,
    JobsQuery,
    JobWithSteps,
    PriorityInput,
    Retried,
    RetryInput,
    job,
    job_filter,
    job_with_steps,
)
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.shells.api import Page, blueprint, paged, spec

resource = blueprint("jobs", __name__)


@resource.get("/jobs")
@spec.validate(resp=Response(HTTP_200=Page[Job]), tags=["jobs"])
def list_jobs(query: JobsQuery) -> Page[Job]:
    """List encoding jobs, those at work first, then the newest."""
    session = db.session()
    statement = queries.jobs(signed_in(), job_filter(query))
    return paged(session, statement, query, lambda rows: [job(v) for v in queries.job_views(session, list(rows))])


@resource.get("/jobs/<int:job_id>")
@spec.validate(resp=Response(HTTP_200=JobWithSteps), tags=["jobs"])
def get_job(job_id: int) -> JobWithSteps:
    """Show one job with its steps, their progress and the last lines of their logs."""
    return job_with_steps(queries.job_detail(db.session(), signed_in(), job_id))


@resource.post("/jobs/<int:job_id>/cancel")
@spec.validate(resp=Response(HTTP_200=JobWithSteps), tags=["jobs"])
def cancel_job(job_id: int) -> JobWithSteps:
    """Call a job off; its running children end within two seconds."""
    actor = signed_in()
    with unit_of_work() as session:
        services.cancel_job(session, actor, job_id)
    return job_with_steps(queries.job_detail(db.session(), actor, job_id))


@resource.post("/jobs/<int:job_id>/retry")
@spec.validate(resp=Response(HTTP_200=JobWithSteps), tags=["jobs"])
def retry_job(job_id: int) -> JobWithSteps:
    """Take up a failed, cancelled or waiting job again; what is finished stays finished."""
    actor = signed_in()
    with unit_of_work() as session:
        services.retry_job(session, actor, job_id)
    return job_with_steps(queries.job_detail(db.session(), actor, job_id))


@resource.post("/jobs/<int:job_id>/priority")
@spec.validate(resp=Response(HTTP_200=JobWithSteps), tags=["jobs"])
def set_priority(job_id: int, json: PriorityInput) -> JobWithSteps:
    """Move a job before others (higher) or behind them; what is running is not disturbed."""
    actor = signed_in()
    with unit_of_work() as session:
        services.set_priority(session, actor, job_id, json.priority)
    return job_with_steps(queries.job_detail(db.session(), actor, job_id))


@resource.post("/jobs/retry-failed")
@spec.validate(resp=Response(HTTP_200=Retried), tags=["jobs"])
def retry_failed(json: RetryInput) -> Retried:
    """Take up the failed jobs of a filter again, but those that a later job has overtaken."""
    with unit_of_work() as session:
        return Retried(services.retry_failed(session, signed_in(), job_filter(json)))
