"""The command line, as an operator uses it."""

import io
import os
import re
import socket
import subprocess
import sys
import zipfile

import pytest
import zxingcpp
from PIL import Image

from tests.factories import GTIN
from traceability.domain import base32


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()
    return lambda *words, **more: runner.invoke(args=[str(word) for word in words], **more)


def test_init_runs_again_without_harm(run):
    for _ in range(2):
        done = run("init")
        assert done.exit_code == 0 and "ready" in done.output


def test_the_sample_goes_into_an_empty_register_only(run):
    assert run("sample").exit_code == 0
    again = run("sample")
    assert again.exit_code == 1 and "not empty" in again.output
    assert run("sample", "--once").exit_code == 0


def test_batch_list_prints_one_batch_a_line_its_code_first(run, workshop):
    batches = [workshop.stamped(), workshop.batch(state="draft")]
    lines = run("batch", "list").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [batch.code for batch in batches]
    assert run("batch", "list", "--search", batches[1].lot).stdout.count("\n") == 1


def test_batch_list_says_that_there_is_none(run):
    done = run("batch", "list")
    assert done.exit_code == 0 and done.stdout == "" and "no batches" in done.stderr


def test_batch_show_takes_the_code_as_it_is_printed(run, workshop):
    batch = workshop.stamped()
    done = run("batch", "show", base32.grouped(batch.code).lower())
    assert done.exit_code == 0 and batch.lot in done.output


def test_issuing_a_batch_stamp_and_units(run, workshop):
    whole, single = workshop.batch(), workshop.batch()
    assert "issued the batch stamp" in run("issue", whole.code).output
    assert "units 1 to 40" in run("issue", single.code, "--units", 40, "--form", "signed").output
    assert "units 41 to 50" in run("issue", single.code, "--units", 10).output
    refused = run("issue", single.code, "--units", 100)
    assert refused.exit_code == 1 and "55" in refused.output
    assert run("issue", whole.code, "--units", 5).exit_code == 1
    assert run("issue", single.code, "--units", 5, "--form", "gs1").exit_code == 1


@pytest.mark.parametrize("units", [0, -1, 16_777_216])
def test_issuing_a_number_that_cannot_be_is_refused(run, workshop, units):
    done = run("issue", workshop.batch().code, "--units", units)
    assert done.exit_code == 1 and "Traceback" not in done.output


def test_an_unknown_batch_is_one_clear_line(run):
    for command in (("batch", "show"), ("issue",)):
        done = run(*command, "7K3MQ9X2ABCS")
        assert done.exit_code == 1 and done.output.strip().count("\n") == 0 and "7K3MQ9X2ABCS" in done.output


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_label_is_written_with_its_version_and_module_told(run, workshop, tmp_path, kind):
    batch = workshop.stamped(workshop.product(gtin=GTIN), form="gs1", units=3)
    path = tmp_path / f"label.{kind}"
    done = run("label", batch.code, "--unit", 2, "--form", "gs1", "--format", kind, "-o", path)
    assert done.exit_code == 0, done.output
    assert re.search(r"QR version \d+-[MQH], module 0\.\d+ mm", done.output)
    assert path.stat().st_size > 500
    if kind == "png":
        picture = Image.open(io.BytesIO(path.read_bytes()))
        assert round(picture.info["dpi"][0]) == 203
        assert zxingcpp.read_barcodes(picture)[0].text == workshop.label(batch, form="gs1", unit=2).qr_text


def test_labels_of_all_units_go_into_one_pdf(run, workshop, tmp_path):
    batch = workshop.stamped(units=7)
    done = run("label", batch.code, "-o", tmp_path / "all.pdf")
    assert done.exit_code == 0 and "7 label(s)" in done.output
    packed = run("label", batch.code, "--format", "png", "-o", tmp_path / "all.zip")
    assert packed.exit_code == 0 and len(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == 7


@pytest.mark.parametrize("unit", [0, 8, 16_777_216])
def test_a_label_of_a_unit_that_was_never_issued_is_refused_and_nothing_is_written(run, workshop, tmp_path, unit):
    batch = workshop.stamped(units=7)
    done = run("label", batch.code, "--unit", unit, "-o", tmp_path / "x.pdf")
    assert done.exit_code == 1 and not (tmp_path / "x.pdf").exists()


def test_a_label_that_does_not_fit_is_refused_before_it_is_written(run, workshop, tmp_path):
    batch = workshop.stamped(workshop.product(name="Tên sản phẩm rất dài " * 8))
    done = run("label", batch.code, "-o", tmp_path / "x.pdf")
    assert done.exit_code == 1 and "does not fit" in done.output and not (tmp_path / "x.pdf").exists()


def test_verify_passes_only_an_issued_stamp(run, workshop, services):
    batch = workshop.stamped(form="signed")
    text = f"https://TRACE.EXAMPLE.VN{workshop.path(batch, form='signed')}"
    done = run("verify", text)
    assert done.exit_code == 0 and done.output.startswith("ISSUED")
    assert run("verify", base32.grouped(batch.code)).exit_code == 0
    for wrong in ("7K3MQ9X2ABCS", "nonsense", text[:-1] + ("0" if text[-1] != "0" else "1"), text.replace("TRACE", "EVIL")):
        refused = run("verify", wrong)
        assert refused.exit_code == 1 and "reason: " in refused.output


def test_verify_off_line_lists_the_claims_as_claims(run, workshop, services):
    batch = workshop.stamped(form="signed")
    text = f"https://TRACE.EXAMPLE.VN{workshop.path(batch, form='signed')}"
    key_file = services.settings.keys_folder / "traceability-keys.json"
    done = run("verify", text, "--offline", key_file)
    assert done.exit_code == 1 and done.output.startswith("UNDETERMINED") and f"batch_code: {batch.code}" in done.output
    place = next(place for place in range(70, 100) if text[place] != "0")
    forged = run("verify", text[:place] + "0" + text[place + 1 :], "--offline", key_file)
    assert forged.exit_code == 1 and "claims, signed" not in forged.output


def test_verify_records_no_scan(run, workshop, client):
    batch = workshop.stamped()
    run("verify", batch.code)
    assert "Nobody has scanned it before" in client.get(f"/S/{batch.code}?lang=en", headers={"User-Agent": "curl/8"}).text


def test_a_key_file_that_is_none_is_one_clear_line(run, tmp_path):
    path = tmp_path / "keys.json"
    path.write_text("{}")
    done = run("verify", "7K3MQ9X2ABCS", "--offline", path)
    assert done.exit_code == 3 and "Traceback" not in done.output


def test_keys_are_listed_made_and_revoked(run, services):
    assert run("keys", "list").stdout.startswith("1\tstamp\t")
    assert run("keys", "new").exit_code == 0
    assert run("keys", "new", "--use", "serial").exit_code == 0
    assert run("keys", "revoke", 1, input="n\n").exit_code == 1
    assert "in force" in run("keys", "list").stdout.splitlines()[0]
    assert run("keys", "revoke", 1, "--yes").exit_code == 0
    assert "revoked 20" in run("keys", "list").stdout.splitlines()[0]
    assert run("keys", "revoke", 1, "--yes").exit_code == 3
    assert run("keys", "revoke", 99, "--yes").exit_code == 3
    assert sorted(services.key_store.current().master_keys) == ["1", "2"]


def test_what_was_issued_under_a_key_stays_good_after_its_revocation_and_nothing_later_is(run, workshop, client, clock):
    early = workshop.stamped(form="signed")
    clock.advance(hours=1)
    run("keys", "revoke", 1, "--yes")
    assert client.get(workshop.path(early, form="signed")).status_code == 200
    late = run("issue", workshop.batch().code, "--form", "signed")
    assert late.exit_code == 1 and "keys new" in late.output


def test_reports_are_listed_newest_first(run, workshop, client):
    batch = workshop.stamped()
    for number in ("one", "two"):
        form = {"stamp": f"/S/{batch.code}", "kind": "other", "words": f"odd {number}", "key": number}
        assert client.post("/report", data=form).status_code == 201
    lines = run("report", "list").stdout.splitlines()
    assert [line.split("\t")[-1] for line in lines] == ["odd two", "odd one"]


def test_serving_without_a_schema_or_keys_is_refused_in_one_line(run, services):
    (services.settings.keys_folder / "traceability-keys.json").unlink()
    done = run("serve")
    assert done.exit_code == 3 and "init" in done.output and "Traceback" not in done.output


def test_a_wrong_setting_stops_every_command_with_one_line():
    for name, value in (("PORT", "abc"), ("PUBLIC_URL", "https://x.vn/y"), ("DATABASE_URL", "mysql://x/y"), ("WORKERS", "0")):
        command = [sys.executable, "-m", "flask", "--app", "traceability", "batch", "list"]
        done = subprocess.run(command, env={**os.environ, name: value}, capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and name in done.stderr, done.stderr


def test_a_port_that_is_taken_stops_serve_with_one_line(run, services):
    with socket.socket() as taken:
        taken.bind((services.settings.host, services.settings.port))
        taken.listen()
        done = run("serve")
    assert done.exit_code == 1 and "8000" in done.output and "Serving" not in done.output


def test_a_file_that_cannot_be_written_is_one_clear_line(run, workshop, tmp_path):
    done = run("label", workshop.stamped().code, "-o", tmp_path / "nowhere" / "x.pdf")
    assert done.exit_code == 1 and done.output.count("\n") == 1


def test_a_lost_master_key_is_one_clear_line(run, workshop, services, tmp_path):
    batch = workshop.stamped()
    folder = services.settings.keys_folder
    (folder / "serial-1.key").rename(folder / "serial-7.key")
    os.utime(folder / "traceability-keys.json")
    for words in (("label", batch.code, "-o", tmp_path / "x.pdf"), ("verify", batch.code), ("init",)):
        done = run(*words)
        assert done.exit_code == 3 and "serial master key 1" in done.output, done.output
