"""The service as a browser meets it: a server over the sample register, and every kind of page it shows to the public."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, Response

from tests.factories import GTIN, OFFICE, Workshop
from traceability.domain import base32
from traceability.models import Suspicion
from traceability.models.engine import acting
from traceability.operations.register_batch import correct_batch
from traceability.sample import illustrative

LANGUAGES = {"vi": "vi-VN", "en": "en-GB", "zh": "zh-CN"}
# In the order of the sample batches.
SAMPLES = ("valid", "stars_ended", "recalled", "unit", "signed", "unnamed_household", "service", "past_best_before")
# A unit of the sample honey that the sample register has cancelled, and one that nobody has touched.
CANCELLED_UNIT, SUSPECT_UNIT = 495, 7


@dataclass(frozen=True)
class Site:
    """A running server. `paths`: the pages that an address alone opens, by kind."""

    base: str
    workshop: Workshop
    paths: dict[str, str]

    def address(self, kind: str) -> str:
        return self.base + self.paths[kind]


@dataclass(frozen=True)
class Kind:
    """A kind of page, the status it answers with, and how a person comes to it."""

    name: str
    status: int
    reach: Callable[[Page, Site], Response]


def lay_out(workshop: Workshop) -> dict[str, str]:
    """Loads the sample register, adds a suspicion and a correction, and returns the paths of the pages by kind."""
    batches = workshop.sample()
    paths = {}
    for name, batch, entry in zip(SAMPLES, batches, illustrative.BATCHES, strict=True):
        paths[name] = workshop.path(batch, form=entry.form, unit=1 if entry.units else None)
    honey = batches[SAMPLES.index("unit")]
    paths["cancelled"] = workshop.unit_path(honey, CANCELLED_UNIT)
    paths["suspect"] = workshop.path(honey, form="gs1", unit=SUSPECT_UNIT)
    corrected = workshop.stamped(workshop.product(), lot="SUA-01")
    paths["corrected"] = workshop.path(corrected)
    with acting(workshop.services.engine) as session:
        correct_batch(session, corrected.id, column="best_before", value="2027-09-01", reason="in nhầm", actor=OFFICE, now=workshop.now)
        session.add(Suspicion(batch_id=honey.id, unit=SUSPECT_UNIT, since=workshop.now, reason="two places"))
    stamp = paths["past_best_before"]
    return paths | {
        "unknown": f"/S/{base32.with_check(123456789)}",
        "misread": stamp[:-1] + ("1" if stamp[-1] == "0" else "0"),
        "wrong_signature": paths["signed"][:-9] + ("1" if paths["signed"][-9] == "0" else "0") + paths["signed"][-8:],
        "too_short": "/S/7K3M",
        "foreign": "/lookup?code=https://EVIL.EXAMPLE.COM" + stamp,
        "product": f"/01/{GTIN}",
        "product_wrong_lot": f"/lot?gtin={GTIN}&lot=Lô%2F1",
        "product_unknown": "/01/09521234500032",
        "front": "/",
        "report": f"/report?stamp={stamp}",
        "missing": "/nowhere",
    }


def _by_address(name: str) -> Callable[[Page, Site], Response]:
    def reach(page: Page, site: Site) -> Response:
        answer = page.goto(site.address(name))
        assert answer is not None
        return answer

    return reach


def submit(page: Page, button: str) -> Response:
    """Presses a button and returns the answer that the browser then shows."""
    with page.expect_navigation() as navigation:
        page.click(button)
    return navigation.value


def _report_done(page: Page, site: Site) -> Response:
    page.goto(site.address("report"))
    page.check("input[value=pack_opened]")
    page.fill("#words", "Hộp đã bị mở.")
    return submit(page, "button.first")


def _report_unsent(page: Page, site: Site) -> Response:
    page.goto(site.address("report"))
    page.check("input[value=other]")
    return submit(page, "button.first")


def _no_picture(page: Page, site: Site) -> Response:
    page.goto(site.address("front"))
    page.set_input_files("#picture", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    return submit(page, "form[method=post] button")


_STATUSES = {
    **dict.fromkeys((*SAMPLES, "cancelled", "suspect", "corrected", "product", "front", "report"), 200),
    **dict.fromkeys(("misread", "too_short", "foreign", "product_wrong_lot"), 400),
    **dict.fromkeys(("unknown", "wrong_signature", "product_unknown", "missing"), 404),
}
KINDS = {
    **{name: Kind(name, status, _by_address(name)) for name, status in _STATUSES.items()},
    "report_done": Kind("report_done", 201, _report_done),
    "report_unsent": Kind("report_unsent", 400, _report_unsent),
    "no_picture": Kind("no_picture", 400, _no_picture),
}
