"""The back office's encoding profiles: a list, and one form for each."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from flask import current_app, redirect, request
from flask_admin import expose
from flask_login import current_user
from werkzeug.wrappers import Response

from moviepoint.domains.media import profiles
from moviepoint.domains.media.encoding.profiles import MUXED, PRESETS, Profile
from moviepoint.kernel.db import db
from moviepoint.kernel.errors import Invalid
from moviepoint.kernel.i18n import gettext as _
from moviepoint.kernel.i18n import lazy_gettext
from moviepoint.shells.admin.forms import number_or_none, parse, rows
from moviepoint.shells.admin.frame import View

NUMBERS = ("segment_seconds", "keyframe_seconds", "range_segments", "audio_kbps", "surround_kbps")
WORDS = ("slug", "name", "codec", "preset", "segments")
BLANK_RUNGS = 2
CODEC_NAMES = {"h264": "H.264", "hevc": "HEVC (H.265)", "av1": "AV1"}
FORMAT_NAMES = {"ts": "MPEG-TS", "fmp4": "fMP4 (CMAF)"}


class ProfilesView(View):
    """How films are encoded."""

    permission = profiles.MANAGE

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Encoding profiles"), endpoint="media_profiles", url="profiles")

    @expose("/")
    def index(self) -> Any:
        """List the profiles, the default first, and what plugins offer."""
        found = profiles.offers(db.session(), current_app.extensions["moviepoint.hooks"])
        return self.render("media/admin/profiles.html", offers=found, codecs=CODEC_NAMES, formats=FORMAT_NAMES)

    @expose("/new", methods=("GET", "POST"))
    def create(self) -> Any:
        """Make a profile, from the values of another one where the address names one."""
        model = profiles.choose(db.session(), current_app.extensions["moviepoint.hooks"], request.args.get("like", ""))
        values = shown(model.profile) | {"slug": "", "name": ""}
        return self._form(values, "")

    @expose("/<slug>", methods=("GET", "POST"))
    def edit(self, slug: str) -> Any:
        """Change a profile."""
        row = profiles.find(db.session(), current_user, slug)
        values = shown(msgspec.convert(row.data, Profile)) | {"slug": row.slug, "name": row.name}
        return self._form(values, slug)

    @expose("/<slug>/<any(default, delete):verb>", methods=("POST",))
    def change(self, slug: str, verb: str) -> Response:
        """Make a profile the default, or delete it."""
        with self.saving(_("Saved.") if verb == "default" else _("The profile was deleted.")) as session:
            if verb == "default":
                profiles.make_default(session, current_user, slug)
            else:
                profiles.delete(session, current_user, slug)
        return redirect(self.get_url(".index"))

    def _form(self, values: dict[str, Any], slug: str) -> Any:
        """Show the form, or save what was sent; what somebody has typed stays when it cannot be saved."""
        failure = None
        if request.method == "POST":
            values = dict(request.form.items()) | {"rungs": rows(request.form, "rungs")}
            with self.saving(_("Saved.")) as session:
                profiles.save(session, current_user, parse(profiles.ProfileInput, typed(values)), slug)
            if self.failure is None:
                return redirect(self.get_url(".index"))
            failure = self.failure
        errors = by_field(failure.fields) if isinstance(failure, Invalid) else {}
        page = self.render(
            "media/admin/profile.html", values=values, slug=slug, errors=errors, codecs=CODEC_NAMES,
            formats=FORMAT_NAMES, presets=PRESETS, muxed=MUXED, blanks=BLANK_RUNGS)
        return (page, int(failure.status)) if failure else page


def shown(profile: Profile) -> dict[str, Any]:
    """Return a profile's values as the form shows them."""
    values: dict[str, Any] = msgspec.to_builtins(profile)
    return values | {"loudness": "" if profile.loudness is None else f"{profile.loudness:g}"}


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form's text as the values of an input; empty numbers are left to their defaults."""
    found: dict[str, Any] = {name: str(values.get(name, "")).strip() for name in WORDS}
    found |= {name: number for name in NUMBERS if (number := number_or_none(values.get(name)))}
    found["loudness"] = number_or_none((values.get("loudness") or "").replace(",", ".").replace("−", "-"))
    found["rungs"] = [{name: row.get(name) or None for name in ("lines", "max_kbps", "crf")} for row in values["rungs"]]
    return found


def by_field(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return sentences by the form's fields: those of a rung stand at its row."""
    found: dict[str, list[str]] = {}
    for name, sentences in fields.items():
        place = name.replace("[", "-").replace("]", "").split(".")[0]
        found.setdefault(place, []).extend(sentences)
    return found
