"""The pages of taking part. They work without script: each form goes to an address that leads back."""
from __future__ import annotations

from moviepoint.domains.community.views import ratings

PAGES = (ratings.pages,)
