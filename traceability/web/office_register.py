"""Products, producers and craft villages as the office keeps them, and what ends soon."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from traceability.domain import ocop, written
from traceability.domain.dates import PartialDate, day_in_vietnam
from traceability.domain.errors import NotFound, Refused
from traceability.models.engine import reading
from traceability.operations import office_producer as producers
from traceability.operations import office_product as products
from traceability.operations import register_recognition as register
from traceability.operations.expiring import MOST_SHOWN, list_endings
from traceability.operations.places import HOME_PROVINCE, communes_of, place_names
from traceability.web.access import open_to
from traceability.web.acts import actor, doing
from traceability.web.batch_forms import day_in, text_in, whole_number
from traceability.web.languages import choose_language
from traceability.web.producer_words import new_key
from traceability.web.register_words import kind_names, support_kinds
from traceability.web.services import services
from traceability.wording import word_refusal

office_register = Blueprint("office_register", __name__)
Fields = MultiDict[str, str]


@office_register.get("/office/products/<int:product_id>")
@open_to("office", "inspector")
def product(product_id: int) -> ResponseReturnValue:
    """A product: its ratings, rights, shops, and how it is visited."""
    return _product(product_id)


@office_register.post("/office/products/<int:product_id>/ratings")
@open_to("office")
def rate(product_id: int) -> ResponseReturnValue:
    """Records an evaluation, a decision, or both at once."""
    fields = request.form

    def act(session: Session) -> None:
        evaluation, points = None, _points(fields)
        if points is not None:
            told = register.NewEvaluation(product_id, *points, _kind(fields), day_in(fields, "evaluated_on"), text_in(fields, "council"))
            evaluation = register.record_evaluation(session, told, **_now())
        if fields.get("decision", "").strip() or evaluation is None:
            entry = _decision(fields, product_id, evaluation.stars if evaluation else None)
            register.record_recognition(session, entry, evaluation=evaluation, **_now())

    return _do("record_recognition", act, product_id, "rate")


@office_register.post("/office/ratings/<int:recognition_id>/withdraw")
@open_to("office")
def withdraw(recognition_id: int) -> ResponseReturnValue:
    """Withdraws a rating from a day on."""
    day_asked, reason = request.form, request.form.get("reason", "")

    def act(session: Session) -> None:
        day = day_in(day_asked, "day") or day_in_vietnam(services().clock())
        register.withdraw_recognition(session, recognition_id, day=day, reason=reason, **_now())

    return _do("withdraw_recognition", act, _product_of(recognition_id), f"withdraw-{recognition_id}")


@office_register.post("/office/ratings/<int:recognition_id>/supersede")
@open_to("office")
def supersede(recognition_id: int) -> ResponseReturnValue:
    """Takes a rating out of what the register says: it was entered wrongly."""
    reason = request.form.get("reason", "")

    def act(session: Session) -> None:
        register.supersede_recognition(session, recognition_id, reason=reason, **_now())

    return _do("supersede_recognition", act, _product_of(recognition_id), f"supersede-{recognition_id}")


@office_register.post("/office/products/<int:product_id>/rights")
@open_to("office")
def grant(product_id: int) -> ResponseReturnValue:
    """Grants the right to use an indication, or renews it."""
    fields = request.form

    def act(session: Session) -> None:
        first = day_in(fields, "from_day")
        if first is None:
            raise Refused("date_text", text="")
        given: dict[str, Any] = {"from_day": first, "until_day": day_in(fields, "until_day"), "document": text_in(fields, "document")}
        given |= {"indication_id": whole_number(fields.get("indication", "")) or 0, "product_id": product_id}
        register.grant_use_right(session, **given, **_now())

    return _do("grant_use_right", act, product_id, "grant", "rights")


@office_register.post("/office/products/<int:product_id>/rights/<int:right_id>/end")
@open_to("office")
def end_right(product_id: int, right_id: int) -> ResponseReturnValue:
    """Withdraws a right of use from a day on."""
    fields = request.form

    def act(session: Session) -> None:
        day = day_in(fields, "day") or day_in_vietnam(services().clock())
        register.end_use_right(session, right_id, product_id=product_id, day=day, actor=actor("office"))

    return _do("end_use_right", act, product_id, f"right-{right_id}", "rights")


@office_register.post("/office/products/<int:product_id>/listings")
@open_to("office")
def add_listing(product_id: int) -> ResponseReturnValue:
    """Adds where the product is sold on line."""
    told: dict[str, Any] = {"floor": request.form.get("floor", ""), "url": request.form.get("url", "")}

    def act(session: Session) -> None:
        products.add_listing(session, product_id, **told, **_now())

    return _do("add_listing", act, product_id, "listing", "shops")


@office_register.post("/office/products/<int:product_id>/listings/<int:listing_id>/check")
@open_to("office")
def check_listing(product_id: int, listing_id: int) -> ResponseReturnValue:
    """Somebody looked whether a listing is still there."""
    alive = request.form.get("alive") == "1"

    def act(session: Session) -> None:
        products.check_listing(session, listing_id, product_id=product_id, alive=alive, **_now())

    return _do("check_listing", act, product_id, "check", "shops")


@office_register.post("/office/products/<int:product_id>/visit")
@open_to("office")
def visit(product_id: int) -> ResponseReturnValue:
    """Keeps how a service is visited, and of which craft village a product is."""
    fields = request.form

    def act(session: Session) -> None:
        village = whole_number(fields.get("village", ""))
        products.set_visit_facts(session, product_id, dict(fields), village_id=village, **_now())

    return _do("set_visit_facts", act, product_id, "visit", "visit")


@office_register.get("/office/producers/<int:producer_id>")
@open_to("office", "inspector")
def producer(producer_id: int) -> ResponseReturnValue:
    """A producer: what it has on line, and support that it was given."""
    return _producer(producer_id)


@office_register.post("/office/producers/<int:producer_id>/online")
@open_to("office")
def online(producer_id: int) -> ResponseReturnValue:
    """Keeps what a producer has on line."""
    fields = request.form

    def act(session: Session) -> None:
        told: dict[str, Any] = {"storefront": _told(fields, "storefront"), "e_payment": _told(fields, "e_payment")}
        told |= {"url": fields.get("url", ""), "consent_on": day_in(fields, "consent_on")}
        producers.set_online(session, producer_id, **told, **_now())

    return _do_for_producer("set_online", act, producer_id, "online")


@office_register.post("/office/producers/<int:producer_id>/support")
@open_to("office")
def support(producer_id: int) -> ResponseReturnValue:
    """Records support that was given."""
    fields = request.form

    def act(session: Session) -> None:
        amount = whole_number(fields.get("amount", ""))
        told = (fields.get("kind", ""), fields.get("what", ""), day_in(fields, "given_on"), amount, fields.get("source", ""))
        entry = producers.NewSupport(*told, fields.get("key", "")[:64] or None)
        producers.record_support(session, producer_id, entry, **_now())

    return _do_for_producer("record_support", act, producer_id, "support")


@office_register.post("/office/producers/<int:producer_id>/support/<int:support_id>/remove")
@open_to("office")
def remove_support(producer_id: int, support_id: int) -> ResponseReturnValue:
    """Takes support off that was entered wrongly."""

    def act(session: Session) -> None:
        producers.remove_support(session, producer_id, support_id, actor=actor("office"))

    return _do_for_producer("remove_support", act, producer_id, "support")


@office_register.get("/office/villages")
@open_to("office", "inspector")
def villages() -> ResponseReturnValue:
    """Craft villages, and a form for another."""
    return _villages(MultiDict())


@office_register.post("/office/villages")
@open_to("office")
def add_village() -> ResponseReturnValue:
    """Adds a craft village, or tells more of one."""
    fields = request.form
    try:
        with doing("add_village") as session:
            told = {name: fields.get(name, "") for name in ("name", "craft", "decision", "source")}
            products.add_village(session, **told, commune_code=text_in(fields, "commune"), actor=actor("office"))
    except Refused as refused:
        return _villages(fields, word_refusal(refused)), 400
    return redirect(url_for("office_register.villages", lang=choose_language()), 303)


@office_register.get("/office/expiring")
@open_to("office", "inspector")
def expiring() -> ResponseReturnValue:
    """What ends within 90 days, and of what its producers were told."""
    around = services()
    with reading(around.engine) as session:
        rows = list_endings(session, around.clock(), most=MOST_SHOWN)
    return render_template("staff/expiring.html", rows=rows, is_cut=len(rows) >= MOST_SHOWN, mails=around.settings.mail_server is not None)


def _points(fields: Fields) -> tuple[tuple[int | None, int | None, int | None], int | None] | None:
    """Parts and total as they were typed, in hundredths; None where there are none."""
    product_points, marketing, quality, total = (
        written.parse_points(fields.get(name, "")) for name in ("points_product", "points_marketing", "points_quality", "total")
    )
    parts = (product_points, marketing, quality)
    return None if (*parts, total) == (None,) * 4 else (parts, total)


def _decision(fields: Fields, product_id: int, stars: int | None) -> register.NewRecognition:
    """Stars that were left open are those of the evaluation. Refused: `day_written`, `decided_ahead`, `issuer_level`."""
    decided = written.parse_partial(fields.get("decided_on", ""))
    if decided and decided.text > day_in_vietnam(services().clock()).isoformat():
        raise Refused("decided_ahead", day=decided.day or decided.text)
    wanted = whole_number(fields.get("stars", "")) or stars or 0
    name = text_in(fields, "issuer")
    issuer = ocop.issuer_in_name(name) if name else _who_could(decided, wanted)
    if name and issuer is None:
        raise Refused("issuer_level", name=name)
    return register.NewRecognition(
        product_id,
        wanted,
        scheme=ocop.scheme_on(decided),
        kind=_kind(fields),
        decision=text_in(fields, "decision"),
        issuer=issuer.value if issuer else None,
        issuer_name=name,
        decided_on=decided.text if decided else None,
        source=text_in(fields, "source"),
    )


def _who_could(decided: PartialDate | None, stars: int) -> ocop.Issuer | None:
    day: date | None = decided.day if decided else None
    return ocop.recognised_by(stars, day) if day and stars in ocop.RECOGNISED_STARS else None


def _kind(fields: Fields) -> str | None:
    return fields["kind"] if fields.get("kind") in ("new", "re_evaluation") else None


def _told(fields: Fields, name: str) -> bool | None:
    return {"1": True, "0": False}.get(fields.get(name, ""))


def _now() -> dict[str, Any]:
    return {"actor": actor("office"), "now": services().clock()}


def _do(name: str, act: Callable[[Session], None], product_id: int, form: str, anchor: str = "ratings") -> ResponseReturnValue:
    """One act on a product, and back to it; what is refused is told beside the form, which keeps what was typed."""
    try:
        with doing(name) as session:
            act(session)
    except NotFound:
        raise
    except Refused as refused:
        return _product(product_id, request.form, word_refusal(refused), form), 400
    return redirect(url_for("office_register.product", product_id=product_id, lang=choose_language(), _anchor=anchor), 303)


def _do_for_producer(name: str, act: Callable[[Session], None], producer_id: int, form: str) -> ResponseReturnValue:
    """The same for a producer."""
    try:
        with doing(name) as session:
            act(session)
    except NotFound:
        raise
    except Refused as refused:
        return _producer(producer_id, request.form, word_refusal(refused), form), 400
    return redirect(url_for("office_register.producer", producer_id=producer_id, lang=choose_language(), _anchor=form), 303)


def _product_of(recognition_id: int) -> int:
    with reading(services().engine) as session:
        return products.product_of_rating(session, recognition_id)


def _product(product_id: int, fields: Fields | None = None, problem: str | None = None, form: str = "") -> str:
    around = services()
    with reading(around.engine) as session:
        view = products.view_product(session, product_id, around.clock())
        today = day_in_vietnam(around.clock())
        shown = {"view": view, "fields": fields or MultiDict(), "problem": problem, "wrong": form, "today": today, "kinds": kind_names()}
        return render_template("staff/product.html", **shown)


def _producer(producer_id: int, fields: Fields | None = None, problem: str | None = None, form: str = "") -> str:
    around = services()
    with reading(around.engine) as session:
        view = producers.view_producer(session, producer_id)
        place = place_names(view.producer.province_code, view.producer.commune_code)
        shown = {"view": view, "fields": fields or MultiDict(), "problem": problem, "wrong": form, "place": place}
        return render_template("staff/producer.html", **shown, kinds=support_kinds(), key=new_key(), today=day_in_vietnam(around.clock()))


def _villages(fields: Fields, problem: str | None = None) -> str:
    with reading(services().engine) as session:
        shown = {"rows": products.list_villages(session), "communes": communes_of(HOME_PROVINCE), "place": place_names}
        return render_template("staff/villages.html", fields=fields, problem=problem, **shown)
