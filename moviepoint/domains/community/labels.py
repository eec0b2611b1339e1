"""What the fixed words of taking part are called in the reader's language."""
from __future__ import annotations

from moviepoint.domains.community.models import REPORT_REASONS
from moviepoint.kernel.i18n import lazy_gettext

REASONS = {"spoiler": lazy_gettext("It gives away the story"), "abuse": lazy_gettext("It insults or threatens"),
           "spam": lazy_gettext("It advertises something"), "off_topic": lazy_gettext("It is not about this title"),
           "other": lazy_gettext("Something else")}
STATES = {"published": lazy_gettext("public"), "held": lazy_gettext("waits for a moderator"),
          "removed": lazy_gettext("taken down")}
CONTRIBUTION_STATES = {"draft": lazy_gettext("not sent yet"), "waiting": lazy_gettext("with the editors"),
                       "approved": lazy_gettext("published"), "rejected": lazy_gettext("sent back")}
RIGHTS = {"own": lazy_gettext("I have made it"), "licence": lazy_gettext("I have a licence to publish it"),
          "public_domain": lazy_gettext("It is in the public domain")}
VERDICTS = {"new": lazy_gettext("new"), "changed": lazy_gettext("changes something"),
            "same": lazy_gettext("here already"), "unmatched": lazy_gettext("no such title here: kept as it is"),
            "kept": lazy_gettext("no place for it here: kept as it is"), "faulty": lazy_gettext("cannot be taken in")}
IMPORT_STATES = {"waiting": lazy_gettext("waits to be read"), "reading": lazy_gettext("being read"),
                 "ready": lazy_gettext("ready: nothing is taken in yet"), "applying": lazy_gettext("being taken in"),
                 "done": lazy_gettext("taken in"), "failed": lazy_gettext("failed")}


def reason_names() -> list[tuple[str, str]]:
    """Return the reasons for a report with their names."""
    return [(name, str(REASONS[name])) for name in REPORT_REASONS]


def rights_names() -> list[tuple[str, str]]:
    """Return by what right somebody publishes a film, with its names."""
    return [(name, str(label)) for name, label in RIGHTS.items()]
