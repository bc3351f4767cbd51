"""A link shortener with visit counts: django-link-shortener, as its documentation sets it up, over the same paths.

`python -m benchmarks.scan_variants.shortener FILE DATABASE` makes its database with the codes of FILE; `made` is its WSGI app.
"""

import os
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path

urlpatterns: list[Any] = []


def _configure(database: str) -> None:
    options = {"timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"}
    settings.configure(
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "shortener"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "CONN_MAX_AGE": None, "OPTIONS": options}},
    )
    django.setup()
    from shortener.views import expand

    urlpatterns.append(path("S/<str:link>", expand))


def made() -> Any:
    """The app."""
    _configure(os.environ["SHORTENER"])
    return get_wsgi_application()


def main() -> None:
    """Makes the database."""
    codes, database = sys.argv[1:]
    _configure(database)
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User
    from django.utils import timezone
    from shortener.models import UrlMap

    user, far = User.objects.create(username="x"), timezone.now().replace(year=2090)
    paths = Path(codes).read_text().split("\n")
    links = [UrlMap(user=user, full_url=f"https://example.org{one}", short_url=one[3:], date_expired=far) for one in paths]
    UrlMap.objects.bulk_create(links)


if __name__ == "__main__":
    main()
