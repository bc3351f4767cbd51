"""Forms that came when the session had just ended: kept while the person signs in again, and filled in once more."""

from flask import current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from traceability.models.engine import reading
from traceability.operations.sign_in import account_of_token
from traceability.web.services import services
from traceability.web.sessions import cookie_name, here

_MOST_CHARACTERS = 40_000
_SECRET = ("csrf_token", "password", "current", "new", "code")


def keep_unsent() -> None:
    """Keeps the texts of a form of ours for the account whose session ended, and remembers the page of the form."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return
    around = services()
    token = request.cookies.get(cookie_name(around.settings), "")
    with reading(around.engine) as session:
        account_id = account_of_token(session, token)
    try:
        fields = {name: request.form.getlist(name) for name in request.form if name not in _SECRET}
    except RequestEntityTooLarge:
        # With photographs it is more than is read of somebody who is not signed in.
        return
    if account_id is None or sum(len(text) for texts in fields.values() for text in texts) > _MOST_CHARACTERS:
        return
    page = _page_of(request.path)
    if page is not None:
        here()["after"] = page
        here()["unsent"] = {"account": account_id, "page": page, "fields": fields}


def take_unsent() -> MultiDict[str, str] | None:
    """What was kept for this page, once."""
    kept = here().get("unsent")
    if not isinstance(kept, dict) or kept.get("page") != request.path:
        return None
    here().pop("unsent")
    return MultiDict({name: list(texts) for name, texts in kept["fields"].items()})


def _page_of(path: str) -> str | None:
    """The page that holds the form of an address: itself, or the nearest above it that can be opened."""
    adapter = current_app.url_map.bind("")
    while path.count("/") > 1:
        try:
            adapter.match(path, method="GET")
        except RequestRedirect:
            return None
        except HTTPException:
            path = path.rpartition("/")[0]
        else:
            return path
    return None
