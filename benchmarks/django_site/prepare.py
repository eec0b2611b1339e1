"""Add Django's own tables to the copy, enter an administrator, and print the id of their session."""
from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_site.settings")
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    # Django's own link tables have a key of their own, ours have none.
    cursor.execute("create table if not exists django_title_genres (id integer primary key, title_id integer not null, "
                   "genre_id integer not null, unique (title_id, genre_id))")
    cursor.execute("insert or ignore into django_title_genres (title_id, genre_id) "
                   "select title_id, genre_id from title_genres")
    cursor.execute("create index if not exists django_title_genres_genre on django_title_genres (genre_id)")
user = get_user_model().objects.filter(username="administrator").first() or get_user_model().objects.create_superuser(
    "administrator", "a@example.org", "a long password of no use")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
