"""A producer's logo: taken as pixels only, shown as it prints, printed, and taken away with its pixels."""

import io
import re
import struct
import zlib

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from traceability.domain.errors import Refused
from traceability.labels.logo import read_logo
from traceability.models import AuditEntry, Picture, ProducerLogo
from traceability.models.engine import acting, reading
from traceability.operations.accounts import add_member
from traceability.pictures import store_logo

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def logo_file(kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (300, 200), ink: object = "navy") -> bytes:
    picture = Image.new(mode, size, {"RGBA": (0, 0, 0, 0), "CMYK": (0, 0, 0, 0), "I;16": 65535}.get(mode, "white"))
    if mode == "I;16":
        picture.paste(0, (40, 40, 120, 60))
        picture.paste(0, (40, 40, 60, 120))
    else:
        ImageDraw.Draw(picture).ellipse((40, 30, size[0] - 60, size[1] - 30), fill=ink)
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def bomb(width: int, height: int, kind: str) -> bytes:
    """A file of a few bytes whose header promises more dots than anybody may send."""
    if kind == "PNG":
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
        return b"\x89PNG\r\n\x1a\n" + chunk + b"\x00\x00\x00\x00IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    content = bytearray(logo_file("JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def solid() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "navy").save(out, "PNG")
    return out.getvalue()


def upload(who, content: bytes | None, name: str = "logo.png", producer_id: int | None = None):
    files = {} if content is None else {"logo": (io.BytesIO(content), name)}
    path = f"/producer/{producer_id or who.producer_id}/logo?lang=en"
    return who.browser.post(path, path if producer_id is None else f"/producer/{who.producer_id}/logo?lang=en", **files)


def page(who) -> str:
    return who.browser.get(f"/producer/{who.producer_id}/logo?lang=en").text


def kept(services) -> list[tuple[int, int]]:
    with reading(services.engine) as session:
        return [(row.producer_id, row.picture_id) for row in session.scalars(select(ProducerLogo))]


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("PNG", "I;16"), ("JPEG", "CMYK"), ("WEBP", "RGBA")]
)
def test_a_logo_becomes_a_grey_picture_cut_to_what_is_drawn(kind, mode):
    ink = {"L": 0, "CMYK": (255, 255, 0, 100), "RGBA": (0, 0, 80, 255)}.get(mode, "navy")
    stored = store_logo(logo_file(kind, mode, ink=ink))
    picture = Image.open(io.BytesIO(stored.content))
    assert (picture.format, picture.mode, stored.media_type) == ("PNG", "L", "image/png")
    assert not set(picture.info) & {"exif", "icc_profile", "XML:com.adobe.xmp"}
    assert picture.size == (stored.width_px, stored.height_px)
    assert picture.width < 220 and picture.height < 160
    assert picture.getextrema() == (0, 255)
    assert read_logo(stored.content).width_px == picture.width


def test_a_pale_logo_prints_dark():
    stored = store_logo(logo_file(ink=(230, 230, 120)))
    assert Image.open(io.BytesIO(stored.content)).getextrema() == (0, 255)


def test_a_large_logo_is_brought_down():
    stored = store_logo(logo_file(size=(3000, 2000)))
    assert max(stored.width_px, stored.height_px) == 600


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (SVG, "logo_vector"),
        (b"\xef\xbb\xbf\n  <svg onload='x'/>", "logo_vector"),
        (b"<!-- x --><SVG/>", "logo_vector"),
        (b"%PDF-1.7\n", "logo_vector"),
        (b"%!PS-Adobe", "logo_vector"),
        (zlib.compress(SVG, wbits=31), "logo_vector"),
        (logo_file("GIF"), "logo_type"),
        (b"", "logo_type"),
        (b"MZ\x90", "logo_type"),
        (logo_file()[:200], "picture_unreadable"),
        (bomb(10_000, 10_000, "PNG"), "picture_pixels"),
        (bomb(10_000, 10_000, "JPEG"), "picture_pixels"),
        (bomb(60_000, 60_000, "JPEG"), "picture_pixels"),
        (b"\x00" * (12 * 1024 * 1024 + 1), "picture_large"),
        (logo_file(ink="white"), "logo_blank"),
        (solid(), "logo_blank"),
    ],
)
def test_what_is_no_logo_is_refused_with_its_reason(content, code):
    with pytest.raises(Refused) as refused:
        store_logo(content)
    assert refused.value.code == code


def test_a_logo_of_a_few_dots_or_like_a_thread_is_refused():
    for box, code in (((10, 10, 20, 20), "logo_small"), ((10, 10, 590, 40), "logo_long")):
        picture = Image.new("L", (600, 100), 255)
        ImageDraw.Draw(picture).ellipse(box, fill=0)
        out = io.BytesIO()
        picture.save(out, "PNG")
        with pytest.raises(Refused) as refused:
            store_logo(out.getvalue())
        assert refused.value.code == code


def test_without_a_logo_the_page_says_so_and_with_one_it_shows_it_as_it_prints(lan, services):
    assert "bear no logo yet" in page(lan) and lan.browser.get(f"/producer/{lan.producer_id}/logo.png").status_code == 404
    answer = upload(lan, logo_file())
    assert answer.status_code == 303 and "done=set_logo" in answer.location
    shown = page(lan)
    address = re.search(r'src="(/producer/\d+/logo.png[^"]*)"', shown)[1]
    drawn = lan.browser.get(address)
    picture = Image.open(io.BytesIO(drawn.data))
    assert drawn.content_type == "image/png" and picture.mode == "1" and picture.getextrema() == (0, 255)
    assert "bear no logo yet" not in shown and kept(services)[0][0] == lan.producer_id


def test_a_second_logo_takes_the_place_of_the_first_and_its_pixels_go(lan, services):
    upload(lan, logo_file())
    upload(lan, logo_file(size=(200, 200)))
    with reading(services.engine) as session:
        (picture,) = session.scalars(select(Picture)).all()
        assert (picture.width_px, picture.height_px) == (101, 141)
    assert kept(services) == [(lan.producer_id, picture.id)]


def test_two_producers_may_have_the_same_logo_and_each_takes_away_its_own(lan, minh, services):
    for who in (lan, minh):
        upload(who, logo_file())
    answer = lan.browser.post(f"/producer/{lan.producer_id}/logo/remove?lang=en", f"/producer/{lan.producer_id}/logo?lang=en")
    assert answer.status_code == 303
    assert "The logo is removed." in lan.browser.get(answer.location).text and "bear no logo yet" in page(lan)
    assert [row[0] for row in kept(services)] == [minh.producer_id]
    again = minh.browser.post(f"/producer/{minh.producer_id}/logo/remove?lang=en", f"/producer/{minh.producer_id}/logo?lang=en")
    with reading(services.engine) as session:
        assert again.status_code == 303 and not session.scalars(select(Picture)).all()


def test_taking_away_what_is_not_there_does_nothing(lan, services):
    answer = lan.browser.post(f"/producer/{lan.producer_id}/logo/remove?lang=en", f"/producer/{lan.producer_id}/logo?lang=en")
    assert answer.status_code == 303 and kept(services) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG, "may hold programs and are not taken"),
        (b"GIF89a", "PNG, JPEG or WebP"),
        (bomb(10_000, 10_000, "PNG"), "has 100 megapixels; at most 16"),
        (None, "Choose a picture first"),
    ],
)
def test_a_refused_upload_is_told_in_words_and_keeps_the_logo_before(lan, services, content, words):
    upload(lan, logo_file())
    before = kept(services)
    answer = upload(lan, content)
    assert answer.status_code == 400 and words in answer.text and 'role="alert"' in answer.text
    assert kept(services) == before


def test_another_producers_logo_is_not_there(lan, minh, services):
    upload(minh, logo_file())
    foreign = f"/producer/{minh.producer_id}/logo"
    assert lan.browser.get(foreign).status_code == lan.browser.get(f"{foreign}.png").status_code == 404
    assert upload(lan, logo_file(size=(200, 200)), producer_id=minh.producer_id).status_code == 404
    assert lan.browser.post(f"{foreign}/remove", f"/producer/{lan.producer_id}/logo").status_code == 404
    assert [row[0] for row in kept(services)] == [minh.producer_id]


def test_a_logo_waits_for_nobody_without_an_account_and_is_no_public_picture(lan, client, services):
    upload(lan, logo_file())
    with reading(services.engine) as session:
        sha256 = session.scalars(select(Picture.sha256)).one()
    assert client.get(f"/picture/{sha256}").status_code == 404
    assert client.get(f"/producer/{lan.producer_id}/logo.png").status_code in (302, 303)


def test_who_acts_for_one_producer_is_led_to_its_logo_and_who_for_several_chooses(lan, minh, services):
    answer = lan.browser.get("/producer/logo?lang=en")
    assert answer.status_code == 303 and f"/producer/{lan.producer_id}/logo" in answer.location
    with acting(services.engine) as session:
        add_member(session, lan.account_id, minh.producer_id, "member", now=services.clock())
    upload(minh, logo_file())
    text = lan.browser.get("/producer/logo?lang=en").text
    assert f"/producer/{lan.producer_id}/logo" in text and f"/producer/{minh.producer_id}/logo" in text
    assert text.count("no logo yet") == 1 and text.count("has a logo") == 1


def test_labels_bear_the_logo_until_it_is_taken_away(lan):
    code = lan.batch()
    address = lan.at(code, "preview.svg") + "&stock=60x40"
    without = lan.browser.get(address).text
    upload(lan, logo_file())
    assert lan.browser.get(address).text.count("<path") == without.count("<path") + 1
    lan.browser.post(f"/producer/{lan.producer_id}/logo/remove?lang=en", f"/producer/{lan.producer_id}/logo?lang=en")
    assert lan.browser.get(address).text == without


def test_a_logo_that_has_no_room_is_told_on_the_print_screen(lan):
    code = lan.batch()
    upload(lan, logo_file())
    text = lan.browser.get(lan.at(code, "print") + "&stock=35x22&dpi=203&form=house&design=small").text
    assert "Left out for want of room: logo." in text


def test_the_trail_names_who_set_and_removed_the_logo(lan, services):
    upload(lan, logo_file())
    lan.browser.post(f"/producer/{lan.producer_id}/logo/remove?lang=en", f"/producer/{lan.producer_id}/logo?lang=en")
    with reading(services.engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "producer_logo").order_by(AuditEntry.id)).all()
        assert [(row.act, row.change) for row in rows] == [("set_logo", "insert"), ("remove_logo", "delete")]
        assert all(row.actor.startswith("Lan") for row in rows)
