"""What monitoring is told, and who may ask."""

import errno
import os
import shutil
from collections import namedtuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.scans.conftest import phone
from tests.waiting import wait_until
from traceability.config import SettingError, read_settings

OUTSIDE = {"REMOTE_ADDR": "203.0.113.9"}


def measured(app, client) -> dict:
    """All samples, by name and labels."""
    app.extensions["scans"].tally.flush()
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def test_it_is_alive_for_everybody(client):
    answer = client.get("/healthz", environ_base=OUTSIDE)
    assert answer.status_code == 200 and answer.json == {"status": "alive", "recording": "ok"}


def test_a_disk_that_takes_nothing_is_told_and_breaks_no_page(app, client, workshop, monkeypatch):
    path, real = f"/S/{workshop.stamped().code}", os.write
    client.get(path)

    def full(descriptor, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert client.get(path).status_code == 200
    assert client.get("/healthz").json == {"status": "alive", "recording": "memory"}
    ready = client.get("/readyz")
    assert ready.status_code == 503 and ready.json["faults"] == {"recording": "the disk takes no scans"}
    monkeypatch.setattr(os, "write", real)
    wait_until(lambda: client.get("/healthz").json["recording"] == "ok")
    assert workshop.load_scans() == 2


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_the_rest_is_told_to_chosen_networks_only(client, path):
    assert client.get(path).status_code == 200
    for address in ("203.0.113.9", "10.0.0.1", "::2", ""):
        assert client.get(path, environ_base={"REMOTE_ADDR": address}).status_code == 404


def test_networks_are_a_setting():
    assert len(read_settings({"METRICS_FROM": "10.0.0.0/8, ::1"}).metrics_from) == 2
    with pytest.raises(SettingError, match="METRICS_FROM"):
        read_settings({"METRICS_FROM": "10.0.0.0/33"})


def test_ready_says_what_is_missing(client, services, monkeypatch, workshop):
    assert client.get("/readyz").json == {"status": "ready", "faults": {}}
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 0))
    for name in ("traceability-keys.json",):
        (services.key_store.folder / name).rename(services.key_store.folder / "gone")
    answer = client.get("/readyz")
    assert answer.status_code == 503 and set(answer.json["faults"]) == {"disk", "keys"}
    assert str(services.settings.instance) not in answer.text


def test_a_loader_that_is_far_behind_is_told(client, workshop, clock):
    client.get(f"/S/{workshop.stamped().code}")
    assert client.get("/readyz").status_code == 200
    clock.advance(minutes=10)
    assert client.get("/readyz").json["faults"] == {"loader": "1 scans wait, the oldest for 600 s"}
    workshop.load_scans()
    assert client.get("/readyz").status_code == 200


def test_scans_are_measured_by_verdict_kind_and_outcome(app, client, workshop):
    path, before = f"/S/{workshop.stamped().code}", measured(app, phone(app))
    for _ in range(3):
        client.get(path)
    client.get(path, headers={"User-Agent": "curl/8"})
    after = measured(app, client)

    def grown(name, **labels):
        key = (name, tuple(sorted(labels.items())))
        return after.get(key, 0) - before.get(key, 0)

    assert grown("traceability_scans_total", verdict="ISSUED", kind="person") == 3
    assert grown("traceability_scans_total", verdict="ISSUED", kind="robot") == 1
    assert grown("traceability_kept_pages_total", outcome="hit") == 3 and grown("traceability_kept_pages_total", outcome="miss") == 1
    assert grown("traceability_scan_seconds_count") == 4 and grown("traceability_scan_seconds_bucket", le="+Inf") == 4
    assert after["traceability_loader_lag_records", ()] == 4
