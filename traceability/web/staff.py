"""The first pages of those who are signed in: a producer's products, the office's register."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from traceability.models.engine import reading
from traceability.operations.own_account import products_of, search_indications
from traceability.web.access import PRODUCER, SIGNED_IN, open_to, principal
from traceability.web.languages import choose_language
from traceability.web.services import services

staff = Blueprint("staff", __name__)


@staff.get("/staff")
@open_to(SIGNED_IN)
def home() -> ResponseReturnValue:
    """To the page that fits the account's role."""
    who, language = principal(), choose_language()
    if "office" in who.staff:
        return redirect(url_for("figures.register", lang=language), 303)
    if "inspector" in who.staff:
        return redirect(url_for("inspector.page", lang=language), 303)
    if "administrator" in who.staff:
        return redirect(url_for("office_accounts.list_all", lang=language), 303)
    return redirect(url_for("staff.products" if who.producers else "account.overview", lang=language), 303)


@staff.get("/producer/products")
@open_to(PRODUCER)
def products() -> ResponseReturnValue:
    """My products, each with what its labels may say today."""
    around = services()
    with reading(around.engine) as session:
        rows = products_of(session, list(principal().producers), around.clock())
    return render_template("staff/products.html", rows=rows)


@staff.get("/office/indications")
@open_to("office", "inspector")
def indications() -> ResponseReturnValue:
    """The register of geographical indications and marks, with search."""
    around, search = services(), request.args.get("search", "").strip()[:100]
    with reading(around.engine) as session:
        rows = search_indications(session, search, around.clock())
    return render_template("staff/indications.html", rows=rows, search=search)
