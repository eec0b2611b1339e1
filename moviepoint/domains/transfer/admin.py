"""Import and export in the back office: a file in, its rehearsal looked at, what is chosen applied; a file out."""
from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.history import words
from moviepoint.domains.transfer import queries, services
from moviepoint.domains.transfer.columns import offered
from moviepoint.domains.transfer.exchange import download, exchanged_type, exchanged_types, permissions
from moviepoint.domains.transfer.files import ENCODINGS, FORMATS
from moviepoint.domains.transfer.models import VERDICTS, WORKING, Transfer
from moviepoint.hooks.types import ContentType
from moviepoint.kernel.db import db
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.frame import View

SHOWN = 30
ROWS_SHOWN = 50
STATES = {
    "waiting": lazy_gettext("waiting"), "reading": lazy_gettext("being rehearsed"),
    "ready": lazy_gettext("to be looked at"), "applying": lazy_gettext("being applied"),
    "writing": lazy_gettext("being written"), "done": lazy_gettext("done"), "failed": lazy_gettext("failed"),
    "cancelled": lazy_gettext("called off"),
}
VERDICT_NAMES = {
    "new": lazy_gettext("New"), "changed": lazy_gettext("Changed"), "same": lazy_gettext("The same"),
    "faulty": lazy_gettext("Faulty"),
}


class TransfersView(View):
    """Files on their way in and out."""

    commands = ((lazy_gettext("Bring in a table"), ".index", {}), (lazy_gettext("Take out a table"), ".index", {}))

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Import and export"), endpoint="transfers", url="transfers")

    def is_accessible(self) -> bool:
        """Let in whoever may write some kind of content wholly."""
        return super().is_accessible() and bool(_kinds())

    def render(self, template: str, **variables: Any) -> str:
        """Render with the names of states and kinds."""
        return str(super().render(template, states=STATES, kinds=_kinds(), working=WORKING, **variables))

    @expose("/")
    def index(self) -> Any:
        """Show the two forms and what was brought in and taken out lately."""
        rows = db.session().scalars(queries.transfers(list(_kinds())).limit(SHOWN)).all()
        return self.render("transfer/admin/index.html", rows=rows, formats=FORMATS, encodings=ENCODINGS,
                           kind_choices=[(name, kind.label) for name, kind in _kinds().items()],
                           columns={name: offered(kind.input) for name, kind in _kinds().items()})

    @expose("/import", methods=("POST",))
    def bring_in(self) -> Response:
        """Take a file and have it rehearsed."""
        file, transfer = request.files.get("file"), None
        with self.saving() as session:
            transfer = services.start_import(
                session, current_user, _storage(), exchanged_type(request.form.get("content_type", "")),
                file.read() if file is not None else b"", file_name=(file.filename or "") if file is not None else "",
                encoding=request.form.get("encoding", ""))
        return redirect(self.get_url(".index") if self.failure or transfer is None
                        else self.get_url(".detail", transfer_id=transfer.id))

    @expose("/export", methods=("POST",))
    def take_out(self) -> Response:
        """Have a kind of content written to a file."""
        transfer = None
        with self.saving() as session:
            transfer = services.start_export(
                session, current_user, exchanged_type(request.form.get("content_type", "")),
                request.form.get("format", ""))
        return redirect(self.get_url(".index") if self.failure or transfer is None
                        else self.get_url(".detail", transfer_id=transfer.id))

    @expose("/<int:transfer_id>")
    def detail(self, transfer_id: int) -> Any:
        """Show one transfer; `?fragment=1` gives its progress alone."""
        session, transfer = db.session(), self._transfer(transfer_id)
        counts = queries.counts(session, transfer_id)
        if "fragment" in request.args:
            return self.render("transfer/admin/progress.html", transfer=transfer, counts=counts, fragment=True)
        verdict = request.args.get("verdict", "")
        verdict = verdict if verdict in VERDICTS or verdict == "failed" else ""
        pages = max(1, math.ceil((counts[verdict] if verdict else sum(counts[v] for v in VERDICTS)) / ROWS_SHOWN))
        page = min(max(1, request.args.get("page", 1, type=int)), pages)
        wanted = {"outcome": "failed"} if verdict == "failed" else {"verdict": verdict}
        rows = session.scalars(queries.rows(transfer_id, **wanted).limit(ROWS_SHOWN).offset((page - 1) * ROWS_SHOWN))
        return self.render(
            "transfer/admin/detail.html", transfer=transfer, counts=counts, verdict=verdict, page=page, pages=pages,
            kind=exchanged_types().get(transfer.content_type), verdict_names=VERDICT_NAMES,
            faults=queries.frequent_faults(session, transfer_id) if counts["faulty"] else (),
            rows=[(row, [words.shown(change) for change in row.changes]) for row in rows],
            field_name=words.field_name, item_words=words.item_words)

    @expose("/<int:transfer_id>/choose", methods=("POST",))
    def choose(self, transfer_id: int) -> Response:
        """Keep which rows of a page are ticked, or take or leave all; with `apply`, go on and apply them."""
        form, transfer = request.form, self._transfer(transfer_id)
        choose = partial(services.choose, actor=current_user, kind=exchanged_type(transfer.content_type),
                         transfer=transfer)
        with self.saving() as session:
            if "all" in form:
                choose(session, chosen=form["all"] == "1")
            elif transfer.state == "ready":
                listed, ticked = set(_numbers("row")), set(_numbers("ticked"))
                choose(session, chosen=True, numbers=listed & ticked)
                choose(session, chosen=False, numbers=listed - ticked)
            if "apply" in form:
                services.apply(session, current_user, exchanged_type(transfer.content_type), transfer)
        return self._back(transfer_id)

    @expose("/<int:transfer_id>/<any(cancel, again):verb>", methods=("POST",))
    def change(self, transfer_id: int, verb: str) -> Response:
        """Call a transfer off, or rehearse its file again."""
        with self.saving(_("Called off.") if verb == "cancel" else "") as session:
            transfer = self._transfer(transfer_id)
            change = services.cancel if verb == "cancel" else services.rehearse_again
            change(session, current_user, exchanged_type(transfer.content_type), transfer)
        return self._back(transfer_id)

    @expose("/<int:transfer_id>/delete", methods=("POST",))
    def delete(self, transfer_id: int) -> Response:
        """Remove a transfer and its file."""
        with self.saving(_("Removed. What was applied stays.")) as session:
            transfer = self._transfer(transfer_id)
            services.delete(session, current_user, exchanged_type(transfer.content_type), _storage(), transfer)
        return self._back(transfer_id) if self.failure else redirect(self.get_url(".index"))

    @expose("/<int:transfer_id>/file")
    def file(self, transfer_id: int) -> Any:
        """Give the file of a transfer."""
        return download(self._transfer(transfer_id))

    def _back(self, transfer_id: int) -> Response:
        kept = {name: value for name in ("verdict", "page") if (value := request.form.get(name, ""))}
        return redirect(self.get_url(".detail", transfer_id=transfer_id, **kept))

    @staticmethod
    def _transfer(transfer_id: int) -> Transfer:
        return queries.transfer(db.session(), current_user, permissions(), transfer_id)


def _kinds() -> Mapping[str, ContentType]:
    """Return the kinds of content that the viewer may bring in and take out."""
    return {name: kind for name, kind in exchanged_types().items() if current_user.may(kind.permission)}


def _numbers(name: str) -> list[int]:
    return [int(text) for text in request.form.getlist(name) if text.isascii() and text.isdigit() and len(text) < 10]


def _storage() -> Any:
    return current_app.extensions["moviepoint.storage"]
