"""Every route, for every role, on own and foreign objects. What is expected stands here, written by hand.

A route that nobody classified fails. `yes` is any answer that is neither a way to sign-in nor 404 or 403; `no` is 404 (that a
page is there is not told to whom it does not concern); `sign in` leads to the sign-in page.
"""

import io
import re
from datetime import date
from functools import cache
from hashlib import sha256 as sha

import pytest
from argon2 import PasswordHasher
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from tests.accounts.test_sign_in import PASSWORD, Browser, enrol
from tests.domain.builders import PRIVATE_KEY, ROOT_PRIVATE_KEY, keyring, public_key
from tests.factories import NOTICE, PUBLIC_URL
from tests.factories import OFFICE as OFFICE_ACTOR
from tests.factories import PRODUCER as PRODUCER_ACTOR
from traceability.domain.keys import format_keyring, sign_key_file
from traceability.domain.trust_pack import format_pack
from traceability.labels.stock import STOCKS
from traceability.models import (
    Account,
    Alert,
    AreaCapacity,
    Batch,
    BatchDraft,
    CapacityHold,
    ConsumerReport,
    DraftFile,
    Inspection,
    InspectionPhotograph,
    Picture,
    Printer,
    Producer,
)
from traceability.models.engine import acting, reading
from traceability.operations import secrets_kept
from traceability.operations.accounts import Invitation, add_member, create_account, invite, principal_of
from traceability.operations.alerts import suspect_batch
from traceability.operations.import_register import begin_import, keep_preview
from traceability.operations.kept_files import keep_upload
from traceability.operations.office_producer import NewSupport, record_support
from traceability.operations.office_product import add_listing
from traceability.operations.open_batch import attach_file
from traceability.operations.print_labels import PrintJob, PrintKeys
from traceability.operations.print_run import Choice, PrintOrder, print_again
from traceability.operations.producer_logo import find_logo, set_logo
from traceability.operations.register_batch import NewStage, add_stage
from traceability.operations.sign_in import list_sessions
from traceability.operations.stocks import add_stock
from traceability.operations.trust_pack import note_pack
from traceability.operations.withdraw import recall_goods

ROLES = ("anonymous", "producer", "inspector", "office", "administrator")
ANYONE = dict.fromkeys(ROLES, "yes")
SIGNED_IN = {**ANYONE, "anonymous": "sign in"}
PRODUCER = {"anonymous": "sign in", "producer": "yes", "inspector": "no", "office": "no", "administrator": "no"}
INSPECTOR = {"anonymous": "sign in", "producer": "no", "inspector": "yes", "office": "yes", "administrator": "no"}
OWN, FOREIGN = "own", "foreign"
# Method and rule → who may; for rules with an object, own and foreign ones apart.
EXPECTED = {
    ("GET", "/account/sign-in"): ANYONE,
    ("POST", "/account/sign-in"): ANYONE,
    ("GET", "/account/code"): {**ANYONE, **dict.fromkeys(ROLES, "sign in")},
    ("POST", "/account/code"): {**ANYONE, **dict.fromkeys(ROLES, "sign in")},
    # It leads to sign-in in any case.
    ("POST", "/account/sign-out"): dict.fromkeys(ROLES, "sign in"),
    ("GET", "/account"): SIGNED_IN,
    ("POST", "/account/sessions/<int:session_id>/end"): {OWN: SIGNED_IN, FOREIGN: {**dict.fromkeys(ROLES, "no"), "anonymous": "sign in"}},
    ("POST", "/account/password"): SIGNED_IN,
    ("GET", "/account/second-factor"): SIGNED_IN,
    ("POST", "/account/second-factor"): SIGNED_IN,
    ("GET", "/link/<token>"): {OWN: ANYONE, FOREIGN: dict.fromkeys(ROLES, "no")},
    ("POST", "/link/<token>"): {OWN: ANYONE, FOREIGN: dict.fromkeys(ROLES, "no")},
    ("GET", "/staff"): SIGNED_IN,
    ("GET", "/producer/products"): PRODUCER,
    ("GET", "/producer/batches"): PRODUCER,
    ("GET", "/producer/lists/<name>.<ending>"): PRODUCER,
    ("GET", "/office/register"): INSPECTOR,
    ("GET", "/office/indications"): INSPECTOR,
    ("GET", "/inspector"): INSPECTOR,
    ("GET", "/inspector/pack"): INSPECTOR,
    ("GET", "/inspector/app/<path:name>"): INSPECTOR,
    ("GET", "/inspector/worker.js"): INSPECTOR,
    ("GET", "/inspector/app.webmanifest"): INSPECTOR,
    ("POST", "/inspector/checks"): INSPECTOR,
    ("GET", "/inspector/findings"): INSPECTOR,
    ("GET", "/inspector/recalls"): INSPECTOR,
    ("GET", "/inspector/alerts"): INSPECTOR,
    ("GET", "/inspector/trace"): INSPECTOR,
    # Without days it says so: 400, to those who may.
    ("GET", "/inspector/trace.<ending>"): INSPECTOR,
    ("GET", "/inspector/reports"): INSPECTOR,
    ("POST", "/inspector/findings"): {**INSPECTOR, "office": "no"},
}
NOBODYS = {**dict.fromkeys(ROLES, "no"), "anonymous": "sign in"}
# What belongs to one producer: its members alone may open it, and for all others it is not there.
ONE_PRODUCERS = {OWN: PRODUCER, FOREIGN: NOBODYS}
OF_PRODUCT = "/producer/products/<int:product_id>"
OF_BATCH = "/producer/batches/<code>"
# Another's is a pack of an area that is not one's own.
ONE_AREAS = {OWN: INSPECTOR, FOREIGN: NOBODYS}
EXPECTED |= {
    # Here another's is one that is not there; who sees which, tests/inspector/test_findings.py shows.
    ("GET", "/inspector/findings/<int:finding_id>"): ONE_AREAS,
    ("GET", "/inspector/batches/<code>"): ONE_AREAS,
    ("GET", "/inspector/batches/<code>/recall"): ONE_AREAS,
    ("POST", "/inspector/batches/<code>/recall"): ONE_AREAS,
    ("POST", "/inspector/batches/<code>/revoke"): ONE_AREAS,
    ("POST", "/inspector/batches/<code>/recalls/<int:recall_id>/lift"): ONE_AREAS,
    ("GET", "/inspector/alerts/<int:alert_id>"): ONE_AREAS,
    ("GET", "/inspector/reports/<int:report_id>"): ONE_AREAS,
    ("POST", "/inspector/reports/<int:report_id>"): ONE_AREAS,
    ("GET", "/inspector/reports/<int:report_id>/photograph"): ONE_AREAS,
    ("POST", "/inspector/alerts/<int:alert_id>"): ONE_AREAS,
    ("GET", "/inspector/batches/<code>/trace"): ONE_AREAS,
    ("GET", "/inspector/batches/<code>/trace.<ending>"): ONE_AREAS,
    ("POST", "/inspector/batches/<code>/suspect"): ONE_AREAS,
    ("POST", "/inspector/batches/<code>/suspicions/<int:suspicion_id>/clear"): ONE_AREAS,
    ("GET", "/inspector/findings/<int:finding_id>/photographs/<int:photograph_id>"): ONE_AREAS,
    ("GET", "/inspector/packs/<int:number>"): ONE_AREAS,
    ("GET", "/inspector/packs/<int:number>/since/<int:base>"): ONE_AREAS,
    ("GET", f"{OF_PRODUCT}/batch"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCT}/batch"): ONE_PRODUCERS,
    ("GET", f"{OF_PRODUCT}/numbering"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCT}/numbering"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCT}/draft"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCT}/draft/discard"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCT}/draft/files"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCT}/draft/files/<int:file_id>/remove"): ONE_PRODUCERS,
    ("GET", "/producer/draft-pictures/<sha256>"): ONE_PRODUCERS,
    ("GET", OF_BATCH): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/edit"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/edit"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/corrections"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/stages"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/stages/<int:stage_id>/undo"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/files"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/reports/<int:report_id>"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/deliveries"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/inputs"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/close"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/close"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/reopen"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/recall"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/recall"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/recalls/<int:recall_id>/lift"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/print"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/print"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/print/again"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/preview.svg"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/print/<int:run_id>/labels.<ending>"): ONE_PRODUCERS,
    ("GET", f"{OF_BATCH}/print/<int:run_id>/progress"): ONE_PRODUCERS,
    ("POST", f"{OF_BATCH}/print/spoilt"): ONE_PRODUCERS,
    ("GET", "/producer/stocks"): PRODUCER,
    ("POST", "/producer/stocks"): PRODUCER,
    ("POST", "/producer/stocks/<int:stock_id>/forget"): ONE_PRODUCERS,
}
OF_PRINTER = "/producer/printers/<int:printer_id>"
EXPECTED |= {
    ("GET", "/producer/printers"): PRODUCER,
    ("POST", "/producer/printers"): PRODUCER,
    ("GET", OF_PRINTER): ONE_PRODUCERS,
    ("GET", f"{OF_PRINTER}/proof.pdf"): ONE_PRODUCERS,
    ("POST", f"{OF_PRINTER}/measure"): ONE_PRODUCERS,
    ("POST", f"{OF_PRINTER}/keep"): ONE_PRODUCERS,
    ("POST", f"{OF_PRINTER}/discard"): ONE_PRODUCERS,
    ("POST", f"{OF_PRINTER}/forget"): ONE_PRODUCERS,
    ("POST", f"{OF_PRINTER}/remove"): ONE_PRODUCERS,
}
OFFICE_ALONE = {**INSPECTOR, "inspector": "no"}
EXPECTED |= {
    ("GET", "/office/figures"): INSPECTOR,
    ("POST", "/office/figures/goals"): OFFICE_ALONE,
    ("GET", "/office/register.<ending>"): INSPECTOR,
    ("GET", "/office/producers"): INSPECTOR,
    ("GET", "/office/support"): INSPECTOR,
    ("GET", "/office/rights"): INSPECTOR,
    ("GET", "/office/report"): INSPECTOR,
    ("GET", "/office/done"): OFFICE_ALONE,
    ("GET", "/office/lists/<name>.<ending>"): {OWN: INSPECTOR, FOREIGN: NOBODYS},
    ("GET", "/office/villages"): INSPECTOR,
    ("POST", "/office/villages"): OFFICE_ALONE,
    ("GET", "/office/expiring"): INSPECTOR,
    # Here another's is one that is not there.
    **{("GET", f"/office/{kind}s/<int:{kind}_id>"): {OWN: INSPECTOR, FOREIGN: NOBODYS} for kind in ("product", "producer")},
    **{
        ("POST", f"/office/{rest}"): {OWN: OFFICE_ALONE, FOREIGN: NOBODYS}
        for rest in (
            *(f"products/<int:product_id>/{act}" for act in ("ratings", "rights", "listings", "visit")),
            *("products/<int:product_id>/rights/<int:right_id>/end", "products/<int:product_id>/listings/<int:listing_id>/check"),
            *(f"ratings/<int:recognition_id>/{act}" for act in ("withdraw", "supersede")),
            *(f"producers/<int:producer_id>/{act}" for act in ("online", "support", "support/<int:support_id>/remove")),
        )
    },
    ("GET", "/office/imports"): OFFICE_ALONE,
    ("POST", "/office/imports"): OFFICE_ALONE,
    ("GET", "/office/imports/template.xlsx"): OFFICE_ALONE,
    # Here another's is one that is not there.
    **{
        ("GET", f"/office/imports/<int:import_id>{rest}"): {OWN: OFFICE_ALONE, FOREIGN: NOBODYS}
        for rest in ("", "/progress", "/left-out.<ending>")
    },
    **{
        ("POST", f"/office/imports/<int:import_id>/{act}"): {OWN: OFFICE_ALONE, FOREIGN: NOBODYS}
        for act in ("again", "apply", "undo", "discard")
    },
    ("GET", "/office/imports/register.<ending>"): OFFICE_ALONE,
    ("GET", "/office/areas"): INSPECTOR,
    ("POST", "/office/areas"): OFFICE_ALONE,
    # Here another's is one that is not there.
    ("POST", "/office/areas/<int:capacity_id>/end"): {OWN: OFFICE_ALONE, FOREIGN: NOBODYS},
    ("GET", "/office/releases"): INSPECTOR,
    ("POST", "/office/releases/<int:hold_id>"): {OWN: OFFICE_ALONE, FOREIGN: NOBODYS},
}
OF_PRODUCER = "/producer/<int:producer_id>"
KEEPERS = {"anonymous": "sign in", "producer": "no", "inspector": "no", "office": "yes", "administrator": "yes"}
ONE_ACCOUNT = {OWN: KEEPERS, FOREIGN: NOBODYS}
OF_ACCOUNT = "/office/accounts/<int:account_id>"
EXPECTED |= {
    ("GET", "/account/forgot"): ANYONE,
    ("POST", "/account/forgot"): ANYONE,
    ("GET", "/producer/logo"): PRODUCER,
    ("GET", f"{OF_PRODUCER}/logo"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/logo"): ONE_PRODUCERS,
    ("GET", f"{OF_PRODUCER}/logo.png"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/logo/remove"): ONE_PRODUCERS,
    ("GET", f"{OF_PRODUCER}/members"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/members/invite"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/members/<int:account_id>/role"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/members/<int:account_id>/remove"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/members/<int:account_id>/reset"): ONE_PRODUCERS,
    ("POST", f"{OF_PRODUCER}/invitations/<int:link_id>/withdraw"): ONE_PRODUCERS,
    ("GET", "/office/accounts"): KEEPERS,
    ("GET", "/office/accounts.<ending>"): KEEPERS,
    ("POST", "/office/accounts/invite"): KEEPERS,
    # Here another's is one that is not there.
    ("GET", OF_ACCOUNT): ONE_ACCOUNT,
    ("POST", f"{OF_ACCOUNT}/disable"): ONE_ACCOUNT,
    ("POST", f"{OF_ACCOUNT}/enable"): ONE_ACCOUNT,
    ("POST", f"{OF_ACCOUNT}/reset"): ONE_ACCOUNT,
    ("POST", f"{OF_ACCOUNT}/roles/remove"): ONE_ACCOUNT,
    ("POST", f"{OF_ACCOUNT}/second-factor/off"): ONE_ACCOUNT,
    ("GET", "/office/audit"): KEEPERS,
    ("GET", "/office/audit.csv"): KEEPERS,
    ("GET", "/office/audit.xlsx"): KEEPERS,
}
# Pages of everybody, without a session at all.
PUBLIC = {
    ("GET", "/figures"),
    ("GET", "/open-data"),
    ("GET", "/open-data/datapackage.json"),
    ("GET", "/open-data/<name>"),
    ("GET", "/to/listing/<int:listing_id>"),
    ("GET", "/to/shop/<int:producer_id>"),
    ("GET", "/"),
    ("GET", "/S/<path:code>"),
    ("GET", "/s/<path:code>"),
    ("GET", "/01/<path:code>"),
    ("GET", "/lookup"),
    ("GET", "/lot"),
    ("POST", "/photograph"),
    ("GET", "/picture/<sha256>"),
    ("GET", "/.well-known/traceability-keys.json"),
    ("GET", "/.well-known/traceability-keys.json.sig"),
    ("GET", "/forms.js"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/feed/<code>"),
    ("GET", "/status/<code>"),
    ("GET", "/robots.txt"),
    ("GET", "/icon.svg"),
    ("GET", "/favicon.ico"),
    ("GET", "/report"),
    ("POST", "/report"),
}


@pytest.fixture
def dialect() -> str:
    """Who may do what does not depend on the database."""
    return "sqlite"


@pytest.fixture
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(secrets_kept, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    secrets_kept._nobodys_hash.cache_clear()


def routes(app) -> set[tuple[str, str]]:
    return {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}


def test_every_route_is_classified_and_every_classified_route_is_there(app):
    assert routes(app) == set(EXPECTED) | PUBLIC


def test_a_staff_view_without_a_mark_is_open_to_nobody(app, cheap_hashes, workshop, services):
    app.add_url_rule("/office/forgotten", "forgotten", lambda: "secret")
    browser = signed_in(app, services, workshop, "office")
    for who in (browser, Browser(app)):
        assert who.get("/office/forgotten").status_code == 404


def signed_in(app, services, workshop, role: str) -> Browser:
    browser = Browser(app)
    if role == "anonymous":
        return browser
    staff_role = None if role == "producer" else role
    with acting(services.engine) as session:
        made = create_account(
            session, login=f"{role}@example.vn", name=role, password=PASSWORD, staff_role=staff_role, now=services.clock()
        )
        key = made.id
    if role == "producer":
        with reading(services.engine) as session:
            known = session.scalars(select(Producer).where(Producer.name == "OWN")).first()
        producer = known or workshop.producer(name="OWN")
        with acting(services.engine) as session:
            add_member(session, key, producer.id, "manager", now=services.clock())
    browser.sign_in(role)
    if staff_role:
        enrol(browser, services)
    return browser


def said(answer) -> str:
    if answer.status_code in (403, 404):
        return "no"
    leads_away = answer.status_code in (302, 303) and re.match(r"/account/(sign-in|code)", answer.location or "")
    return "sign in" if leads_away and not answer.request.path.startswith("/account/sign-in") else "yes"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", sorted(EXPECTED), ids=" ".join)
def test_who_may_open_what(app, services, workshop, cheap_hashes, role, route):
    expected = EXPECTED[route]
    cases = expected if OWN in expected else {"": expected}
    browser = signed_in(app, services, workshop, role)
    # The foreign object first: acting on one's own may end the session.
    for whose, by_role in sorted(cases.items()):
        path = fill(route[1], whose, services, role, browser, workshop)
        answer = browser.get(path) if route[0] == "GET" else post(browser, path)
        assert said(answer) == by_role[role], (whose, answer.status_code, answer.location)


def post(browser: Browser, path: str):
    """With a good token, so that it is access that is tested and not the token."""
    for form in ("/account", "/account/second-factor", "/account/sign-in"):
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(form).text)
        if found:
            return browser.client.post(path, data={"csrf_token": found[1]}, base_url="https://trace.example.vn")
    raise AssertionError("no form with a token")


def fill(rule: str, whose: str, services, role: str, browser: Browser, workshop) -> str:
    if rule in ("/producer/lists/<name>.<ending>", "/office/accounts.<ending>"):
        return rule.replace("<name>", "batches").replace("<ending>", "zip")
    if rule.startswith("/producer/<int:producer_id>"):
        for name, value in people(workshop, services, whose).items():
            rule = rule.replace(f"<{name}>", str(value))
        return rule
    if "<int:account_id>" in rule:
        return rule.replace("<int:account_id>", str(people(workshop, services, OWN)["int:account_id"] if whose == OWN else 4711))
    if rule.startswith("/producer/") and "<" in rule:
        for name, value in objects(workshop, services, whose).items():
            rule = rule.replace(f"<{name}>", str(value))
        return rule
    rule = rule.replace("<ending>", "zip").replace("<name>", "producers" if whose == OWN else "secrets")
    if rule.startswith("/inspector/batches/"):
        batch = workshop.stamped(units=3)
        recall = workshop.act(recall_goods, batch.id, NOTICE, units=None, actor=PRODUCER_ACTOR, now=services.clock())
        suspicion = workshop.act(
            lambda session: suspect_batch(session, session.get(Batch, batch.id), "x", actor=OFFICE_ACTOR, now=services.clock())
        )
        rule = rule.replace("<int:suspicion_id>", str(suspicion.id))
        return rule.replace("<code>", batch.code if whose == OWN else "0" * 12).replace("<int:recall_id>", str(recall.id))
    if "<int:alert_id>" in rule or "<int:report_id>" in rule:
        alert_id, report_id = noticed(services, workshop) if whose == OWN else (4711, 4711)
        return rule.replace("<int:alert_id>", str(alert_id)).replace("<int:report_id>", str(report_id))
    if "<int:capacity_id>" in rule or "<int:hold_id>" in rule:
        capacity_id, hold_id = grown(services, workshop) if whose == OWN else (4711, 4711)
        return rule.replace("<int:capacity_id>", str(capacity_id)).replace("<int:hold_id>", str(hold_id))
    if rule.startswith(("/office/products/", "/office/producers/", "/office/ratings/")):
        numbers = registered(services, workshop) if whose == OWN else {}
        return re.sub(r"<int:(\w+)>", lambda found: str(numbers.get(found[1], 4711)), rule)
    if "<int:import_id>" in rule:
        return rule.replace("<int:import_id>", str(handed_over(services, workshop) if whose == OWN else 4711))
    if "<path:name>" in rule:
        return rule.replace("<path:name>", "judge.js")
    if "<int:finding_id>" in rule:
        finding_id, photograph_id = found(services) if whose == OWN else (4711, 4711)
        return rule.replace("<int:finding_id>", str(finding_id)).replace("<int:photograph_id>", str(photograph_id))
    if "<int:number>" in rule:
        base, number = packs(services, "province" if whose == OWN else "02683")
        return rule.replace("<int:number>", str(number)).replace("<int:base>", str(base))
    if "<token>" in rule:
        return rule.replace("<token>", invitation(services) if whose == OWN else "x" * 43)
    if "<int:session_id>" in rule:
        return rule.replace("<int:session_id>", str(session_id(services, role, browser) if whose == OWN else 4711))
    return rule


def registered(services, workshop) -> dict[str, int]:
    """A product with all that can hang on one."""
    product, now = workshop.product(), services.clock()
    rating, right = workshop.recognition(product), workshop.use_right(product, workshop.indication())
    with acting(services.engine) as session:
        listing = add_listing(session, product.id, floor="x", url="https://example.vn", actor=OFFICE_ACTOR, now=now)
        entry = NewSupport("labels", "x", date(2026, 1, 1))
        support = record_support(session, product.producer_id, entry, actor=OFFICE_ACTOR, now=now)
        numbers = {"listing_id": listing.id, "support_id": support.id, "right_id": right.id, "recognition_id": rating.id}
        return numbers | {"product_id": product.id, "producer_id": product.producer_id}


def handed_over(services, workshop) -> int:
    """A sheet of the office that waits for its confirmation."""
    entry = {"file_name": "x.csv", "content": b"x", "upload": services.uploads.put(b"x")}
    number = workshop.act(begin_import, **entry, actor=OFFICE_ACTOR, now=services.clock())
    workshop.act(keep_preview, number, [], [], now=services.clock())
    return number


def grown(services, workshop) -> tuple[int, int]:
    """What an area can yield, and a batch that waits for the office."""
    batch, now = workshop.stamped(), services.clock()
    said = {"recorded_at": now, "recorded_by": "x", "source": "x", "name": "x", "unit": "kg", "amount": 1}
    season = {"season_from": date(2026, 1, 1), "season_until": date(2026, 12, 31)}
    with acting(services.engine) as session:
        held = AreaCapacity(code="A1", code_folded="A1", **said, **season)
        hold = CapacityHold(batch_id=batch.id, packs=1, over=1, over_unit="g", asked_at=now, asked_by="x")
        session.add_all([held, hold])
        session.flush()
        return held.id, hold.id


def noticed(services, workshop) -> tuple[int, int]:
    """An alert, and a report with a photograph."""
    batch, now = workshop.stamped(), services.clock()
    with acting(services.engine) as session:
        alert = Alert(kind="many", batch_id=batch.id, unit=0, evidence={"scans": 9, "days": 1, "packs": 1, "rules": {"scans_a_pack": 4}})
        alert.raised_at = alert.looked_at = now
        name = services.uploads.put(b"x")
        report = ConsumerReport(stamp_text="x", verdict="MALFORMED", kind="other", words="x", visitor=b"x", reported_at=now)
        report.idempotency_key, report.photograph = name, name
        session.add_all([alert, report])
        session.flush()
        return alert.id, report.id


def found(services) -> tuple[int, int]:
    """A finding with a photograph, of whoever is signed in or, where nobody is, of somebody."""
    with acting(services.engine) as session:
        account = session.scalars(select(Account)).first() or create_account(
            session, login="x@example.org", name="x", password=PASSWORD, now=services.clock()
        )
        name = services.uploads.put(b"x")
        kept = InspectionPhotograph(name=name, sha256_taken="0" * 64, sha256="0" * 64, size_bytes=1)
        row = Inspection(
            id_on_phone=name[:36],
            stamp_text="x",
            verdict="MALFORMED",
            account_id=account.id,
            inspector="x",
            body="x",
            place="x",
            result="in_order",
            found_at=services.clock(),
            received_at=services.clock(),
            photographs=[kept],
        )
        session.add(row)
        session.flush()
        return row.id, kept.id


def packs(services, area: str) -> list[int]:
    """The numbers of two packs of an area."""
    numbers = []
    for _ in range(2):
        with acting(services.engine) as session:
            numbers.append(note_pack(session, area, {}, key_sequence=1, now=services.clock()).number)
        ring = keyring(public_key(1, "pack"))
        key_file = format_keyring(ring)
        signature = sign_key_file(ROOT_PRIVATE_KEY, key_file)
        named = {"number": numbers[-1], "area": area, "issued_at": services.clock(), "kid": 1, "private_key": PRIVATE_KEY}
        services.packs.write(format_pack({}, **named, key_file=key_file, key_file_signature=signature), numbers[-1], now=services.clock())
    services.packs.write(b"a difference", numbers[1], numbers[0], now=services.clock())
    return numbers


@cache
def uploaded_report() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def objects(workshop, services, whose: str) -> dict[str, object]:
    """A batch with all that can hang on one, of the account's own producer or of another: whatever an address can name."""
    with reading(services.engine) as session:
        producer = session.scalars(select(Producer).where(Producer.name == ("OWN" if whose == OWN else "OTHER"))).first()
        account = session.scalars(select(Account).where(Account.login == "producer@example.vn")).first()
    producer = producer or workshop.producer(name="OWN" if whose == OWN else "OTHER")
    product = workshop.product(producer)
    with acting(services.engine) as session:
        # The batch of a product whose draft is somebody's: the signed-in producer's for its own, nobody's else.
        owner = (
            account.id
            if account and whose == OWN
            else create_account(session, login=f"{whose}@example.org", name="x", password=PASSWORD, now=services.clock()).id
        )
        sha256 = sha(whose.encode()).hexdigest()
        picture = Picture(sha256=sha256, media_type="image/webp", width_px=1, height_px=1, content=b"x")
        draft = BatchDraft(account_id=owner, product_id=product.id, fields={}, saved_at=services.clock())
        draft.files.append(DraftFile(kind="photograph", name="x", picture=picture))
        session.add(draft)
        printer = Printer(producer_id=producer.id, name="x", added_at=services.clock())
        session.add(printer)
        session.flush()
        printer_id, stock_id = printer.id, add_stock(session, producer.id, "x", STOCKS["50x30"]).id
    batch = workshop.stamped(product, units=5)
    keys = PrintOrder(Choice(), 1, f"{whose}-again")
    job, store = PrintJob("house", PUBLIC_URL, specimen=False), services.key_store.current()
    needed = PrintKeys(store.master_keys, store.private_keys)
    with acting(services.engine) as session:
        stage = add_stage(session, batch.id, NewStage("packing", date(2026, 10, 6)), actor=PRODUCER_ACTOR, now=services.clock())
        recall = recall_goods(session, batch.id, NOTICE, units=None, actor=PRODUCER_ACTOR, now=services.clock())
        content = uploaded_report()
        name = services.uploads.put(content)
        upload = keep_upload(
            session, name=name, media_type="application/pdf", size_bytes=len(content), sha256=sha(content).hexdigest(), now=services.clock()
        )
        report = attach_file(session, batch.id, upload, title="KN", actor=PRODUCER_ACTOR, now=services.clock())
        run = print_again(session, batch.id, keys, job, (1, 2), "x", keys=needed, actor=PRODUCER_ACTOR, now=services.clock())
        return {
            "int:product_id": product.id,
            "int:file_id": draft.files[0].id,
            "sha256": sha256,
            "code": batch.code,
            "int:stage_id": stage.id,
            "int:recall_id": recall.id,
            "int:report_id": report.id,
            "int:run_id": run.id,
            "int:printer_id": printer_id,
            "int:stock_id": stock_id,
            "ending": "pdf",
        }


def one_dot() -> bytes:
    out = io.BytesIO()
    Image.new("L", (2, 2)).save(out, "PNG")
    return out.getvalue()


def people(workshop, services, whose: str) -> dict[str, object]:
    """A member and an invitation of the account's own producer or of another."""
    with reading(services.engine) as session:
        producer = session.scalars(select(Producer).where(Producer.name == ("OWN" if whose == OWN else "OTHER"))).first()
    producer = producer or workshop.producer(name="OWN" if whose == OWN else "OTHER")
    now = services.clock()
    with acting(services.engine) as session:
        made = {}
        for name in ("manager", "member"):
            made[name] = create_account(session, login=f"{whose}-{name}@example.org", name="x", password=PASSWORD, now=now).id
            add_member(session, made[name], producer.id, name, now=now)
        by = principal_of(session, made["manager"])
        entry = Invitation("new@example.org", producer_id=producer.id, member_role="member")
        link = invite(session, entry, token=f"{whose}" * 10, by=by, now=now)
        if find_logo(session, producer.id) is None:
            logo = Picture(
                sha256=sha(f"{whose} logo".encode()).hexdigest(), media_type="image/png", width_px=2, height_px=2, content=one_dot()
            )
            set_logo(session, producer.id, logo, actor=PRODUCER_ACTOR, now=now)
        return {"int:producer_id": producer.id, "int:account_id": made["member"], "int:link_id": link.id}


def invitation(services) -> str:
    with acting(services.engine) as session:
        office = create_account(session, login="inviter@example.vn", name="x", password=PASSWORD, staff_role="office", now=services.clock())
        by = principal_of(session, office.id)
        invite(session, Invitation("new@example.vn", staff_role="inspector"), token="i" * 43, by=by, now=services.clock())
    return "i" * 43


def session_id(services, role: str, browser: Browser) -> int:
    found = re.search(r"/account/sessions/(\d+)/end", browser.get("/account").text)
    return int(found[1]) if found else 1


def test_sessions_of_others_are_foreign(app, services, workshop, cheap_hashes):
    one, other = signed_in(app, services, workshop, "producer"), signed_in(app, services, workshop, "inspector")
    with acting(services.engine) as session:
        foreign = [row.id for account in (1, 2) for row in list_sessions(session, account)]
    mine = session_id(services, "producer", one)
    for number in set(foreign) - {mine}:
        assert post(one, f"/account/sessions/{number}/end").status_code == 404
    assert other.get("/account").status_code == 200
