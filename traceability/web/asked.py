"""What somebody asks of a list: search, filters, order and page, from the address."""

from flask import request

_USUAL = {"search": "", "kind": "", "state": "open", "order": "newest"}
_LONGEST, _LAST_PAGE = 100, 10_000


def asked_of_list() -> tuple[dict[str, str], int]:
    """Search, kind, state and order, open ones and the newest first unless others are asked for; and the page, from 0."""
    asked = {name: request.args.get(name, usual).strip()[:_LONGEST] for name, usual in _USUAL.items()}
    return asked, min(max(request.args.get("page", 0, type=int), 0), _LAST_PAGE)
