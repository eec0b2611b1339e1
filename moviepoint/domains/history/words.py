"""History in words: what was done to what, and the difference of long texts."""
from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from moviepoint.domains.history.differences import Change, items
from moviepoint.kernel.i18n import current_locale, lazy_gettext
from moviepoint.kernel.text import language_name

ACTIONS = {
    "created": lazy_gettext("entered"), "changed": lazy_gettext("changed"), "deleted": lazy_gettext("deleted"),
    "taken_back": lazy_gettext("taken back from the bin"), "purged": lazy_gettext("deleted for good"),
    "draft": lazy_gettext("made a draft"), "in_review": lazy_gettext("sent to review"),
    "scheduled": lazy_gettext("scheduled"), "published": lazy_gettext("published"),
    "archived": lazy_gettext("archived"), "restored": lazy_gettext("restored"),
    "image_added": lazy_gettext("picture added"), "image_changed": lazy_gettext("picture changed"),
    "sent_again": lazy_gettext("sent again"), "revoked": lazy_gettext("revoked"),
    "accepted": lazy_gettext("accepted"),
    "image_deleted": lazy_gettext("picture deleted"),
    "encoded": lazy_gettext("encoded"), "job_started": lazy_gettext("encoding begun"),
    "job_cancelled": lazy_gettext("encoding called off"), "job_retried": lazy_gettext("encoding taken up again"),
    "rung_removed": lazy_gettext("rung removed"),
    "job_moved": lazy_gettext("priority changed"), "changed_source": lazy_gettext("source file changed"),
    "signed_out": lazy_gettext("signed out on one device"),
    "signed_out_everywhere": lazy_gettext("signed out everywhere"),
    "address_confirmed": lazy_gettext("address confirmed"),
    "password_changed": lazy_gettext("password changed"),
    "second_factor_added": lazy_gettext("second factor added"),
    "second_factor_removed": lazy_gettext("second factor removed"),
    "second_factor_reset": lazy_gettext("second factor reset"),
    "identity_linked": lazy_gettext("account of a provider linked"),
    "identity_unlinked": lazy_gettext("account of a provider unlinked"),
    "recovery_codes_made": lazy_gettext("recovery codes made"),
    "recovery_code_used": lazy_gettext("recovery code used"),
    "access_changed": lazy_gettext("who may watch changed"), "link_made": lazy_gettext("link to watch by made"),
    "link_revoked": lazy_gettext("link to watch by revoked"),
    "review_kept": lazy_gettext("review kept"), "review_marked": lazy_gettext("review marked as a spoiler"),
    "review_removed": lazy_gettext("review taken down"),
    "contribution_approved": lazy_gettext("film of a visitor taken"),
    "contribution_rejected": lazy_gettext("film of a visitor sent back"),
}
FIELDS = {
    "kind": lazy_gettext("Kind"), "slug": lazy_gettext("Address"), "original_title": lazy_gettext("Original title"),
    "original_language": lazy_gettext("Original language"), "year": lazy_gettext("Year"),
    "end_year": lazy_gettext("Last year"), "runtime": lazy_gettext("Minutes"), "countries": lazy_gettext("Countries"),
    "genres": lazy_gettext("Genres"), "keywords": lazy_gettext("Keywords"), "credits": lazy_gettext("Credits"),
    "companies": lazy_gettext("Companies"), "releases": lazy_gettext("Releases"),
    "alternative_titles": lazy_gettext("Alternative titles"), "extras": lazy_gettext("Extras"),
    "external_ids": lazy_gettext("Ids elsewhere"), "locks": lazy_gettext("Locked for imports"),
    "name": lazy_gettext("Name"), "tagline": lazy_gettext("Tagline"), "overview": lazy_gettext("Overview"),
    "biography": lazy_gettext("Biography"), "episodes": lazy_gettext("Episodes"), "titles": lazy_gettext("Titles"),
    "number": lazy_gettext("Number"), "status": lazy_gettext("Status"), "country": lazy_gettext("Country"),
    "birth_year": lazy_gettext("Born"), "death_year": lazy_gettext("Died"), "image": lazy_gettext("Picture"),
    "publish_at": lazy_gettext("Public from"), "unpublish_at": lazy_gettext("Public until"),
    "series": lazy_gettext("Series"), "audio": lazy_gettext("Audio"), "subtitles": lazy_gettext("Subtitles"),
    "marks": lazy_gettext("Marks"), "jobs": lazy_gettext("Encoding"), "sources": lazy_gettext("Sources"),
    "place": lazy_gettext("Place"), "language": lazy_gettext("Language"), "label": lazy_gettext("Label"),
    "labels": lazy_gettext("Label"), "studio": lazy_gettext("Studio"), "default": lazy_gettext("Default"),
    "hidden": lazy_gettext("Hidden"), "offset_ms": lazy_gettext("Offset, ms"), "state": lazy_gettext("State"),
    "priority": lazy_gettext("Priority"), "message": lazy_gettext("Message"), "kept": lazy_gettext("Kept"),
    "pinned": lazy_gettext("Kept for good"), "position": lazy_gettext("Order"),
    "access": lazy_gettext("Who may watch"), "title_access": lazy_gettext("Who may watch the whole title"),
    "embeddable": lazy_gettext("May be embedded"),
    "audience": lazy_gettext("Who"), "roles": lazy_gettext("Roles"), "links": lazy_gettext("Links to watch by"),
    "until": lazy_gettext("Open until"), "alt": lazy_gettext("What it shows"), "locale": lazy_gettext("Language"),
    "focal": lazy_gettext("Point of focus"), "rows": lazy_gettext("Rows"), "entries": lazy_gettext("Entries"),
    "body": lazy_gettext("Text"), "spoiler": lazy_gettext("Spoiler"), "reports": lazy_gettext("Reports"),
    "reason": lazy_gettext("Reason"), "contribution": lazy_gettext("Film of a visitor"),
}
LONG = 5_000


def field_name(path: list[str] | tuple[str, ...]) -> str:
    """Return a field of a document in words: "Overview · Russian"."""
    if len(path) == 3 and path[0] == "texts":
        return f"{FIELDS.get(path[2], path[2])} · {language_name(path[1], current_locale())}"
    if len(path) == 2 and path[0] == "names":
        return f"{FIELDS['name']} · {language_name(path[1], current_locale())}"
    if len(path) > 2:  # a field of one of several, such as a track: its name stands in the middle
        return " · ".join([str(FIELDS.get(path[0], path[0])), path[1], *(str(FIELDS.get(p, p)) for p in path[2:])])
    if path[0] == "image":
        return " · ".join(str(FIELDS.get(part, part)) for part in path)
    return " · ".join([str(FIELDS.get(path[0], path[0])), *path[1:]])


def word_differences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield ("same" | "del" | "ins", text) that turn one text into the other, word by word.

    Very long texts are shown as taken out and put in whole: the comparison would cost more than it tells.
    """
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    if len(before) + len(after) > LONG:
        yield from (part for part in (("del", before), ("ins", after)) if part[1])
        return
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "same", "".join(old[i1:i2])
            continue
        if i2 > i1:
            yield "del", "".join(old[i1:i2])
        if j2 > j1:
            yield "ins", "".join(new[j1:j2])


def item_words(item: Any) -> str:
    """Return one item of a list in a line: the values of a credit, a release, an episode."""
    if not isinstance(item, dict):
        return str(item)
    values = (item_words(value) for value in item.values() if value not in (None, "", [], {}, False))
    return " · ".join(values)


def shown(change: Change) -> dict[str, Any]:
    """Return a change as a page shows it: words taken out and put in, or items of a list."""
    before, after = change["before"], change["after"]
    if isinstance(before, list) or isinstance(after, list):
        removed, added = items(change)
        return {"path": change["path"], "removed": removed, "added": added,
                "reordered": not removed and not added}
    texts = ["" if value is None else str(value) for value in (before, after)]
    return {"path": change["path"], "parts": list(word_differences(*texts))}
