from dataclasses import replace
from itertools import permutations
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.builders import (
    ALPHABET,
    BASE_URL,
    BATCH_CODE,
    HOST,
    HOSTS,
    claims_bytes,
    codes,
    fault_of,
    gs1_texts,
    gtins,
    house_texts,
    lots,
    mutated,
    serial_of,
    serials,
    signed_code,
    signed_texts,
    stamp_texts,
    typed_otherwise,
)
from traceability.domain.address import LONGEST, StampText, format_address, parse_address, parse_path, parse_typed
from traceability.domain.errors import FAULTS

GTIN = "08938505974200"
START = f"https://{HOST}"
SIGNED = signed_code(claims_bytes(serial=serial_of(1)))
VALID = [
    f"{START}/S/{BATCH_CODE}",
    f"{START}/S/{BATCH_CODE}{serial_of(1)}",
    f"{START}/S/{SIGNED}",
    f"{START}/01/{GTIN}/10/L%2B1",
    f"{START}/01/{GTIN}/10/L%2B1/21/{serial_of(1)}",
    f"{START}/01/{GTIN}/22/V/10/L%2B1/21/{serial_of(1)}",
    f"{START}/01/{GTIN}",
]
HUGE = 100_000
addresses = stamp_texts.map(lambda text: format_address(BASE_URL, text.canonical_path))


# ------------------------------------------------------------------------------------------------- nothing crashes


def check_that_only_known_faults_come(text):
    for test_mode in (False, True):
        assert fault_of(parse_address, text, HOSTS, test_mode=test_mode) in FAULTS | {None}
    assert fault_of(parse_path, text) in FAULTS | {None}
    assert fault_of(parse_typed, text) in FAULTS | {None}


@given(st.text())
def test_no_text_crashes_a_parser(text):
    check_that_only_known_faults_come(text)


@given(st.text(st.characters(codec=None, categories=None), max_size=40), st.sampled_from(VALID), st.booleans())
def test_no_text_after_or_before_a_good_address_crashes_a_parser(text, good, before):
    check_that_only_known_faults_come(text + good if before else good + text)


@given(st.sampled_from(["/S/", "/01/", f"/01/{GTIN}/", f"/01/{GTIN}/10/", f"/01/{GTIN}/22/", "/", "?", "#", ":", "@"]), st.text())
def test_no_text_in_the_middle_of_a_path_crashes_a_parser(start, text):
    check_that_only_known_faults_come(start + text)
    check_that_only_known_faults_come(START + start + text)


@given(st.data(), st.sampled_from(VALID))
def test_no_altered_address_crashes_a_parser(data, good):
    text = data.draw(mutated(good))
    check_that_only_known_faults_come(text)
    check_that_only_known_faults_come(text.removeprefix(START))


@given(st.sampled_from([12, 24, 140]).flatmap(lambda length: st.text(min_size=length, max_size=length)))
def test_no_text_of_a_codes_length_crashes_a_parser(text):
    check_that_only_known_faults_come(text)
    check_that_only_known_faults_come("/S/" + text)


@given(st.sampled_from([12, 24, 140]).flatmap(lambda length: st.text(ALPHABET, min_size=length, max_size=length)))
def test_every_code_of_the_right_length_and_alphabet_is_canonical_or_refused(text):
    fault = fault_of(parse_typed, text)
    assert fault in {None, "check_character", "padding", "layout", "unused_bits", "stars"}
    assert fault or parse_typed(text).code == text


@pytest.mark.parametrize(
    "text",
    [unit * (HUGE // len(unit)) for unit in ("A", "%", "%41", "/", "/S", "-", " ", "é", "?", "#", "://", "@", ":", "\ud800", "0")]
    + [good + "0" * HUGE for good in VALID]
    + [START + "/S/" + "0" * HUGE, START + "?" + "x" * HUGE, "https://" + "A" * HUGE, "https://" + "A." * HUGE + "/S/" + BATCH_CODE],
    ids=lambda text: text[:12].encode("ascii", "backslashreplace").decode(),
)
def test_a_text_of_100_kilobytes_is_too_long_for_every_parser(text):
    assert fault_of(parse_address, text, HOSTS) == "too_long"
    assert fault_of(parse_path, text) == "too_long"
    assert fault_of(parse_typed, text) == "too_long"


def test_the_longest_text_is_read_and_one_character_more_is_not():
    padded = f"{START}/S/{BATCH_CODE}?".ljust(LONGEST, "x")
    assert parse_address(padded, HOSTS).batch_code == BATCH_CODE
    assert fault_of(parse_address, padded + "x", HOSTS) == "too_long"
    assert fault_of(parse_path, "/" * LONGEST) == "path"
    assert fault_of(parse_typed, "-" * LONGEST) == "empty"


def test_an_empty_text_is_refused_everywhere():
    assert [fault_of(parse_address, "", HOSTS), fault_of(parse_path, ""), fault_of(parse_typed, "")] == ["empty"] * 3
    assert fault_of(parse_typed, " - - ") == "empty"


# ------------------------------------------------------------------------------------------------------ round trips


@given(stamp_texts)
def test_what_is_formatted_is_parsed_back_whole(text):
    assert parse_address(format_address(BASE_URL, text.canonical_path), HOSTS) == text


@given(addresses)
def test_what_is_parsed_is_formatted_back_whole(canonical):
    parsed = parse_address(canonical, HOSTS)
    assert format_address(BASE_URL, parsed.canonical_path) == canonical


@given(stamp_texts)
def test_an_address_and_its_decoded_path_mean_the_same(text):
    assert parse_path(unquote(text.canonical_path)) == replace(text, host=None)


@given(st.data(), st.sampled_from(VALID))
def test_an_altered_address_that_is_still_read_means_what_its_decoded_path_means(data, good):
    text = data.draw(mutated(good))
    if "%2f" in text.lower() or fault_of(parse_address, text, HOSTS):
        return
    parsed = parse_address(text, HOSTS)
    path = "/" + text.split("://", 1)[1].split("#")[0].split("?")[0].split("/", 1)[1]
    assert parse_path(unquote(path)) == replace(parsed, host=None)


@given(st.data(), st.sampled_from(VALID))
def test_whatever_is_read_has_a_canonical_address_with_the_same_meaning(data, good):
    text = data.draw(mutated(good))
    if fault_of(parse_address, text, HOSTS):
        return
    parsed = parse_address(text, HOSTS)
    if parsed.form == "gs1_product":
        assert parsed.canonical_path is None and parsed.gtin
    else:
        assert parse_address(format_address(BASE_URL, parsed.canonical_path), HOSTS) == parsed


@given(house_texts(host=None) | signed_texts(host=None))
def test_a_readable_code_means_the_same_typed_and_in_a_path(text):
    assert parse_typed(text.code) == parse_path("/S/" + text.code) == text


@given(st.data(), house_texts(host=None) | signed_texts(host=None))
def test_a_typed_code_means_the_same_in_any_case_with_look_alikes_spaces_and_hyphens(data, text):
    assert parse_typed(data.draw(typed_otherwise(text.code, separators=True))) == text


@given(st.data(), house_texts() | signed_texts())
def test_a_code_in_an_address_means_the_same_in_any_case_and_with_look_alikes(data, text):
    assert parse_address(f"{START}/S/{data.draw(typed_otherwise(text.code))}", HOSTS) == text


@given(st.data(), gs1_texts())
def test_a_serial_in_a_digital_link_means_the_same_in_any_case_and_with_look_alikes(data, text):
    assume(text.serial)
    path = text.canonical_path.removesuffix(text.serial) + data.draw(typed_otherwise(text.serial))
    assert parse_address(START + path, HOSTS) == text


@given(st.data(), stamp_texts)
def test_scheme_host_and_s_are_read_in_any_case(data, text):
    def any_case(part):
        return "".join(data.draw(st.sampled_from((character.upper(), character.lower()))) for character in part)

    path = text.canonical_path
    path = any_case(path[:3]) + path[3:] if path.startswith("/S/") else path
    assert parse_address(f"{any_case('https')}://{any_case(HOST)}{path}", HOSTS) == text


@given(stamp_texts, st.sampled_from("?#"), st.text(max_size=50))
def test_query_and_fragment_are_passed_over(text, sign, tail):
    assert parse_address(format_address(BASE_URL, text.canonical_path) + sign + tail, HOSTS) == text


@given(gtins, lots, lots)
def test_lots_that_differ_even_by_case_are_different_stamps(gtin, one, other):
    assume(one != other)
    first, second = (StampText("gs1", "batch", None, None, gtin, lot, host=HOST) for lot in (one, other))
    assert first.canonical_path != second.canonical_path
    assert parse_address(START + second.canonical_path, HOSTS) != first


@given(signed_texts())
def test_a_signed_text_tells_its_claims_unverified(text):
    claims = parse_address(START + text.canonical_path, HOSTS).claims
    assert (claims.batch_code, claims.serial) == (text.batch_code, text.serial)


def test_only_signed_texts_have_claims():
    assert parse_address(VALID[0], HOSTS).claims is None
    assert parse_address(VALID[3], HOSTS).claims is None


@given(stamp_texts)
def test_the_address_that_is_printed_has_its_host_in_capitals_and_its_scheme_in_lower_case(text):
    assert format_address(BASE_URL, text.canonical_path) == f"https://TRACE.EXAMPLE.VN{text.canonical_path}"


# ------------------------------------------------------------------------------------------------- wrong characters


@given(codes, serials)
def test_every_wrong_character_of_a_readable_code_is_refused(batch_code, serial):
    code = batch_code + serial
    for text in (batch_code, code):
        for place in range(len(text)):
            for wrong in ALPHABET.replace(text[place], ""):
                assert fault_of(parse_typed, text[:place] + wrong + text[place + 1 :]) == "check_character"


@given(codes, serials)
def test_every_swap_of_neighbours_within_a_code_or_a_serial_is_refused_but_0_and_z(batch_code, serial):
    text = batch_code + serial
    for place in (*range(11), *range(12, 23)):
        one, other = text[place : place + 2]
        swapped = text[:place] + other + one + text[place + 2 :]
        harmless = one == other or {one, other} == {"0", "Z"}
        assert fault_of(parse_typed, swapped) == (None if harmless else "check_character")


@given(gtins, lots, serials)
def test_every_wrong_character_of_a_serial_in_a_digital_link_is_refused(gtin, lot, serial):
    for place in range(12):
        for wrong in ALPHABET.replace(serial[place], ""):
            path = f"/01/{gtin}/10/{lot}/21/{serial[:place]}{wrong}{serial[place + 1 :]}"
            assert fault_of(parse_path, path) == "check_character"


@given(codes, st.integers(0, 11), st.characters())
def test_a_foreign_character_in_a_code_is_refused(code, place, character):
    assume(character.upper() not in {*ALPHABET, "I", "L", "O"} and character not in "-/%?# ")
    text = code[:place] + character + code[place + 1 :]
    assert fault_of(parse_path, "/S/" + text) == "alphabet"
    assert fault_of(parse_typed, text) == "alphabet"


@given(codes, st.integers(0, 12), st.sampled_from("- "))
def test_spaces_and_hyphens_are_dropped_only_where_a_person_typed(code, place, separator):
    text = code[:place] + separator + code[place:]
    assert parse_typed(text).batch_code == code
    assert fault_of(parse_path, "/S/" + text) == "length"
    assert fault_of(parse_path, "/S/" + text[:12]) in {"alphabet", "length"} or place == 12


@given(st.text(ALPHABET, max_size=300).filter(lambda text: len(text) not in (12, 24, 140)))
def test_a_code_of_another_length_is_refused(text):
    assert fault_of(parse_path, f"/S/{text}") == ("length" if text else "path")


# -------------------------------------------------------------------------------------------- scheme, host and path


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"http://{HOST}/S/{BATCH_CODE}", "scheme"),
        (f"ftp://{HOST}/S/{BATCH_CODE}", "scheme"),
        (f"https:/{HOST}/S/{BATCH_CODE}", "scheme"),
        (f"//{HOST}/S/{BATCH_CODE}", "scheme"),
        (f" https://{HOST}/S/{BATCH_CODE}", "scheme"),
        (f"/S/{BATCH_CODE}", "scheme"),
        (BATCH_CODE, "scheme"),
        (f"http\u017f://{HOST}/S/{BATCH_CODE}", "scheme"),
        (f"https:///S/{BATCH_CODE}", "authority"),
        (f"https://user@{HOST}/S/{BATCH_CODE}", "authority"),
        (f"https://{HOST}@evil.example/S/{BATCH_CODE}", "authority"),
        (f"https://{HOST}:443/S/{BATCH_CODE}", "authority"),
        (f"https://{HOST}:/S/{BATCH_CODE}", "authority"),
        (f"https://{HOST}./S/{BATCH_CODE}", "authority"),
        (f"https://EVIL.EXAMPLE/S/{BATCH_CODE}", "foreign_host"),
        (f"https://{HOST}.EVIL.EXAMPLE/S/{BATCH_CODE}", "foreign_host"),
        (f"https://X{HOST}/S/{BATCH_CODE}", "foreign_host"),
        (f"https://{HOST}\\S\\{BATCH_CODE}", "path"),
        (f"https://{HOST.replace('T', '%54')}/S/{BATCH_CODE}", "foreign_host"),
        (f"https://EVIL.EXAMPLE/?https://{HOST}/S/{BATCH_CODE}", "foreign_host"),
        (f"https://EVIL.EXAMPLE/#@{HOST}/S/{BATCH_CODE}", "foreign_host"),
        (START, "path"),
        (START + "/", "path"),
        (START + "/S", "path"),
        (START + "/S/", "path"),
        (f"{START}?/S/{BATCH_CODE}", "path"),
        (f"{START}/S/{BATCH_CODE}/", "path"),
        (f"{START}//S/{BATCH_CODE}", "path"),
        (f"{START}/S//{BATCH_CODE}", "path"),
        (f"{START}/T/{BATCH_CODE}", "path"),
        (f"{START}/X/S/{BATCH_CODE}", "path"),
        (f"{START}/S/{BATCH_CODE}/{serial_of(1)}", "path"),
        (f"{START}/gtin/{GTIN}/lot/L", "path"),
        (f"{START}/1/{GTIN}/10/L", "path"),
        (f"{START}/01/{GTIN}/", "path"),
        (f"{START}/01/{GTIN}/10/L/", "path"),
        (f"{START}/01/{GTIN}/10//21/{serial_of(1)}", "path"),
        (f"{START}/01/{GTIN}/10", "qualifiers"),
        (f"{START}/01/{GTIN}/lot/L", "qualifiers"),
        (f"{START}/01/{GTIN}/10/L/ser/{serial_of(1)}", "qualifiers"),
        (f"{START}/01/{GTIN}/17/270310", "qualifiers"),
        (f"{START}/01/{GTIN[:-1]}1/10/L", "gtin_check_digit"),
        (f"{START}/01/{GTIN[:-3]}/10/L", "gtin"),
        (f"{START}/01/{GTIN}/10/A%2FB", "lot"),
        (f"{START}/01/{GTIN}/10/.", "lot"),
        (f"{START}/01/{GTIN}/10/%2E%2E", "lot"),
        (f"{START}/01/{GTIN}/10/{'L' * 21}", "lot"),
        (f"{START}/01/{GTIN}/10/%C3%A9", "lot"),
        (f"{START}/01/{GTIN}/10/%C3", "encoding"),
        (f"{START}/01/{GTIN}/10/%FF", "encoding"),
        (f"{START}/01/{GTIN}/10/%", "encoding"),
        (f"{START}/01/{GTIN}/10/%2", "encoding"),
        (f"{START}/01/{GTIN}/10/%G1", "encoding"),
        (f"{START}/01/{GTIN}/10/L/21/{serial_of(1)[:-1]}", "length"),
        (f"{START}/01/{GTIN}/10/L/21/{BATCH_CODE}{serial_of(1)}", "length"),
    ],
)
def test_an_address_that_is_not_of_ours_is_refused_with_its_fault(text, fault):
    assert fault_of(parse_address, text, HOSTS) == fault


@pytest.mark.parametrize("order", [order for count in (1, 2, 3) for order in permutations(("22", "10", "21"), count)])
def test_qualifiers_are_read_only_in_the_order_of_the_standard(order):
    values = {"22": "V", "10": "L", "21": serial_of(1)}
    path = f"/01/{GTIN}" + "".join(f"/{key}/{values[key]}" for key in order)
    in_order = list(order) == [key for key in ("22", "10", "21") if key in order]
    assert fault_of(parse_path, path) == (None if in_order else "qualifiers")


@pytest.mark.parametrize("repeated", ["/10/L/10/L", "/22/V/22/V", f"/10/L/21/{BATCH_CODE}/21/{BATCH_CODE}"])
def test_a_repeated_qualifier_is_refused(repeated):
    assert fault_of(parse_path, f"/01/{GTIN}{repeated}") == "qualifiers"


@pytest.mark.parametrize("tail", ["", "/22/V", "/22/V/10/L", "/22/V/10/L/21/" + serial_of(1), "/21/" + serial_of(1)])
def test_a_digital_link_with_a_variant_or_without_a_lot_is_a_product_and_no_stamp(tail):
    parsed = parse_path(f"/01/{GTIN}{tail}")
    assert parsed == StampText("gs1_product", None, gtin=GTIN)
    assert parsed.canonical_path is None


def test_a_plus_is_a_plus_and_percent_is_decoded_once():
    assert parse_address(f"{START}/01/{GTIN}/10/A+B", HOSTS).lot == "A+B"
    assert parse_address(f"{START}/01/{GTIN}/10/A%2BB", HOSTS).lot == "A+B"
    assert parse_address(f"{START}/01/{GTIN}/10/A%252BB", HOSTS).lot == "A%2BB"
    assert parse_path(f"/01/{GTIN}/10/A%2BB").lot == "A%2BB"


@pytest.mark.parametrize(("short", "padded"), [("96385074", "00000096385074"), ("036000291452", "00036000291452")])
def test_short_gtins_mean_the_padded_ones(short, padded):
    assert parse_path(f"/01/{short}/10/L") == parse_path(f"/01/{padded}/10/L")


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP"])
@pytest.mark.parametrize("port", ["", ":5000"])
def test_http_and_ports_pass_only_in_test_mode(scheme, port):
    text = f"{scheme}://localhost{port}/S/{BATCH_CODE}"
    assert parse_address(text, ["LOCALHOST"], test_mode=True).host == "LOCALHOST"
    assert (fault_of(parse_address, text, ["LOCALHOST"]) is None) == (scheme == "https" and not port)


@pytest.mark.parametrize("host", ["\u017fITE.VN", "S\u0131TE.VN", "s\u0131te.vn", "SITE.\uff36N", "S\u0406TE.VN"])
def test_a_host_in_letters_that_only_resemble_ours_is_foreign(host):
    assert fault_of(parse_address, f"https://{host}/S/{BATCH_CODE}", ["SITE.VN"]) == "foreign_host"


@pytest.mark.parametrize("port", [":", ":x", ":５０００", ":50:00", ":-1"])
def test_what_is_no_port_is_refused_in_test_mode_too(port):
    assert fault_of(parse_address, f"http://localhost{port}/S/{BATCH_CODE}", ["LOCALHOST"], test_mode=True) == "authority"


@given(stamp_texts, st.sampled_from(HOSTS))
def test_every_host_that_was_ever_ours_is_read_and_told(text, host):
    assert parse_address(f"https://{host}{text.canonical_path}", HOSTS) == replace(text, host=host)


@given(stamp_texts)
def test_without_hosts_every_address_is_foreign(text):
    assert fault_of(parse_address, START + text.canonical_path, ()) == "foreign_host"
