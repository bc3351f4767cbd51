"""What a producer keeps here as files: each list whole, and never another's."""

import pytest

from tests.factories import rows_in
from traceability.models.engine import reading
from traceability.operations.own_account import producers_of

SHEET = {"name": "=Giấy nhà", "kind": "sheet", "label_width": "60", "label_height": "40,5", "columns": "3", "rows": "7"}


@pytest.fixture
def filled(lan, minh):
    """Both have one of each."""
    for person in (lan, minh):
        person.batch()
        assert person.browser.post("/producer/stocks?lang=en", **SHEET).status_code == 303
        assert person.browser.post("/producer/printers?lang=en", name=f"Máy in {person.account_id}").status_code == 303


@pytest.mark.parametrize("name", ["batches", "products", "printers", "stocks", "members"])
def test_each_list_is_a_file_of_one_s_own_rows(lan, minh, filled, services, name):
    with reading(services.engine) as session:
        own_name = producers_of(session, [lan.producer_id])[0].name
    rows = rows_in(lan.browser.get(f"/producer/lists/{name}.zip?lang=en").data, name)
    assert len(rows) == 1 and rows[0]["Producer"] == own_name
    assert not any(cell.startswith("=") for cell in rows[0].values()) and not any("." in heading for heading in rows[0])
    page = {"members": f"/producer/{lan.producer_id}/members"}.get(name, f"/producer/{name}")
    link = f"/producer/lists/{name}.xlsx?"
    assert link in lan.browser.get(f"{page}?lang=en").text
    assert lan.browser.get(f"/producer/lists/{name}.xlsx").data[:2] == b"PK"
    assert lan.browser.get(f"/producer/lists/{name}.pdf").status_code == lan.browser.get("/producer/lists/others.zip").status_code == 404


def test_the_files_say_what_their_pages_say(lan, filled):
    rows = {name: rows_in(lan.browser.get(f"/producer/lists/{name}.zip?lang=en").data, name)[0] for name in ("stocks", "members")}
    assert rows["stocks"]["Name"] == "'=Giấy nhà" and rows["stocks"]["What it is"] == "A4: 21 labels of 60 × 40.5 mm"
    assert (rows["members"]["Login"], rows["members"]["Role"]) == ("lan@example.vn", "Manager")
