"""Who may arrange the site."""
from __future__ import annotations

from moviepoint.kernel.policies import Actor

EDIT = "pages.edit"


def sees_drafts(viewer: Actor | None) -> bool:
    """Say whether a viewer sees pages that are not published."""
    return viewer is not None and viewer.may(EDIT)
