"""The pages of taking part. They work without script: each form goes to an address that leads back."""
from __future__ import annotations

from moviepoint.domains.community.views import contributions, data, diary, lists, members, ratings, reviews

PAGES = (ratings.pages, members.pages, members.own, lists.pages, lists.own, diary.pages, reviews.pages,
         data.pages, contributions.pages)
