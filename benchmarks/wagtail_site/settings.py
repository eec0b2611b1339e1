"""Wagtail's project template, with what these pages do not need left out, on the database that the benchmark names."""
from __future__ import annotations

import os
import sys
from pathlib import Path

SECRET_KEY = "benchmark"  # noqa: S105 -- of a throw-away site
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
INSTALLED_APPS = [
    "wagtail_site", "wagtail.contrib.redirects", "wagtail.sites", "wagtail.users", "wagtail.snippets",
    "wagtail.documents", "wagtail.images", "wagtail.search", "wagtail.admin", "wagtail", "modelcluster", "taggit",
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.staticfiles"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
              "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware",
              "django.middleware.clickjacking.XFrameOptionsMiddleware",
              "django.middleware.security.SecurityMiddleware",
              "wagtail.contrib.redirects.middleware.RedirectMiddleware"]
ROOT_URLCONF = "wagtail_site.urls"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent / "templates"],
    "OPTIONS": {
        "loaders": [("django.template.loaders.cached.Loader", [
            "django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"])],
        "context_processors": ["django.template.context_processors.request",
                               "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["BENCHMARK_DATABASE"], "CONN_MAX_AGE": None,
    "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"}}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
#: The site's own migration is made anew beside its database.
sys.path.append(str(Path(os.environ["BENCHMARK_DATABASE"]).parent))
MIGRATION_MODULES = {"wagtail_site": "made_migrations"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
STATIC_URL, MEDIA_URL = "/static/", "/media/"
MEDIA_ROOT = Path(os.environ["BENCHMARK_DATABASE"]).parent / "media"
USE_TZ = True
WAGTAIL_SITE_NAME = "Films"
WAGTAILADMIN_BASE_URL = "http://127.0.0.1"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
