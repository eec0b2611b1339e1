"""What the fixed words of taking part are called in the reader's language."""
from __future__ import annotations

from moviepoint.domains.community.models import REPORT_REASONS
from moviepoint.kernel.i18n import lazy_gettext

REASONS = {"spoiler": lazy_gettext("It gives away the story"), "abuse": lazy_gettext("It insults or threatens"),
           "spam": lazy_gettext("It advertises something"), "off_topic": lazy_gettext("It is not about this title"),
           "other": lazy_gettext("Something else")}
STATES = {"published": lazy_gettext("public"), "held": lazy_gettext("waits for a moderator"),
          "removed": lazy_gettext("taken down")}


def reason_names() -> list[tuple[str, str]]:
    """Return the reasons for a report with their names."""
    return [(name, str(REASONS[name])) for name in REPORT_REASONS]
