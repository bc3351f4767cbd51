"""Verdicts and facts in words. Templates word with these; nothing here decides anything."""

from dataclasses import dataclass

from babel.numbers import format_decimal
from flask_babel import get_locale, gettext, ngettext

from traceability.domain.address import StampText
from traceability.operations.origin_page import Correction, OriginPage, ProducerFacts, Stars
from traceability.operations.scan import Found
from traceability.web.languages import (
    current_language,
    end_sentence,
    format_day,
    format_partial_date,
    join_parts,
    join_sentences,
)


@dataclass(frozen=True)
class VerdictWords:
    """A verdict's colour (`ok`, `warn`, `bad`, `none`), its title and what follows."""

    tone: str
    title: str
    sentences: tuple[str, ...]


def word_verdict(found: Found) -> VerdictWords:
    """The verdict on a text that is no stamp of ours, or was never issued."""
    reasons = found.judgement.reasons
    if found.judgement.verdict.value == "UNKNOWN":
        sentences = [words for reason, words in _unknown_reasons(by_unit=found.by_unit).items() if reason in reasons]
        if "recalled" in reasons:
            sentences.insert(0, gettext("The batch that this code names is recalled."))
        if "no_such_batch" in reasons and isinstance(found.read, StampText) and found.read.form == "gs1":
            sentences.append(gettext("Capitals and small letters of the lot number count."))
        incomplete = "scope_not_issued" in reasons and found.by_unit
        title = gettext("This code is not complete") if incomplete else gettext("We never issued this code")
        return VerdictWords("bad", title, tuple(sentences))
    titles = {"foreign_host": gettext("This address is not ours"), "no_lot": gettext("Which lot?")}
    title = next((titles[reason] for reason in reasons if reason in titles), gettext("This code cannot be read"))
    return VerdictWords("none", title, tuple(words for reason, words in _malformed_reasons().items() if reason in reasons))


def _unknown_reasons(*, by_unit: bool = False) -> dict[str, str]:
    return {
        "no_such_batch": gettext("The code is well formed, but no batch of ours has it."),
        "nothing_issued": gettext("The batch is registered, but no stamps were issued for it."),
        "scope_not_issued": gettext("This batch's codes have 24 characters, as each pack has its own. Type the whole code.")
        if by_unit
        else gettext("This batch has one code of 12 characters for all its packs, and this is a longer one."),
        "serial_does_not_verify": gettext("The batch exists, but the second half of the code is not one of its packs."),
        "unit_not_issued": gettext("The batch exists, but this pack's stamp was never issued."),
        "form_not_issued": gettext("The batch exists, but it has no stamps of this form."),
        "claims_never_issued": gettext("The signature is good, but we never issued what it signs. We have noted an alarm."),
        "key_unknown": gettext("The code is signed with a key that is not ours."),
        "bad_signature": gettext("The signature is wrong: the code was changed or made by somebody else."),
        "key_revoked": gettext("The code was signed with a key that was no longer trusted."),
        "key_not_valid": gettext("The code was signed outside the time of its key."),
    }


def _malformed_reasons() -> dict[str, str]:
    compare = gettext("Compare it with the stamp, character by character.")
    not_stamp = gettext("It is not the address of a stamp of this service.")
    return {
        "check_character": gettext("At least one character was misread: the last character of a group does not fit the others.")
        + " "
        + compare,
        "length": gettext("A code has 12 or 24 characters (140 when it is signed). Some are missing, or some are too many.")
        + " "
        + compare,
        "alphabet": gettext("A code holds only digits and capital letters without I, L, O, U. Another character stands in it.")
        + " "
        + compare,
        "empty": gettext("No code was given."),
        "too_long": gettext("The text is too long for a stamp."),
        "scheme": join_sentences(gettext("The text is not an https address."), not_stamp),
        "authority": not_stamp,
        "foreign_host": gettext("The stamp leads to another host than ours. Do not trust a page that it opens; report the stamp."),
        "path": not_stamp,
        "encoding": join_sentences(gettext("The address holds broken characters."), compare),
        "padding": join_sentences(gettext("The code was misread at the end of a part."), compare),
        "gtin": join_sentences(gettext("A product number (GTIN) has 8, 12, 13 or 14 digits."), compare),
        "gtin_check_digit": join_sentences(gettext("The product number (GTIN) was misread: its check digit does not fit."), compare),
        "lot": join_sentences(gettext("The lot number holds characters that none of ours has."), compare),
        "qualifiers": gettext("The parts of the address are in an order that no stamp of ours has."),
        "layout": gettext("The code is of a kind that this service does not know."),
        "unused_bits": join_sentences(gettext("The signed part was misread."), compare),
        "stars": join_sentences(gettext("The signed part was misread."), compare),
        "no_lot": gettext("The address names a product, but no lot."),
    }


def who_says(word: str) -> str:
    """Who says so."""
    return {
        "declared": gettext("Declared by the producer"),
        "attached": gettext("Attached by the producer"),
        "recorded_office": gettext("Recorded by the province's office"),
        "recorded_inspector": gettext("Recorded by an inspector"),
        "confirmed_office": gettext("Confirmed by the province's office"),
        "confirmed_inspector": gettext("Confirmed by an inspector"),
        "office": gettext("Recorded by the province's office"),
    }[word]


def what_it_shows(page: OriginPage) -> str:
    """What a stamp can and cannot prove."""
    if page.kind == "service":
        return gettext(
            "What it shows: that we issued the code for this service. What it cannot show: that it hangs where it belongs. "
            "A photographed code opens this page too."
        )
    return gettext(
        "What it shows: which batch we issued the code for. What it cannot show: that the pack in your hand is not a copy. "
        "A photographed code opens this page too."
    )


def kind_of_producer(kind: str) -> str:
    """The producer's legal kind."""
    return {
        "cooperative": gettext("Cooperative"),
        "cooperative_group": gettext("Co-operative group"),
        "company": gettext("Company"),
        "household": gettext("Household business"),
    }[kind]


def stage(kind: str) -> str:
    """What was done."""
    return {
        "sowing": gettext("Sowing and planting"),
        "tending": gettext("Tending"),
        "harvest": gettext("Harvest"),
        "making": gettext("Making"),
        "drying": gettext("Drying"),
        "processing": gettext("Processing"),
        "testing": gettext("Laboratory test"),
        "packing": gettext("Packing"),
        "storage": gettext("Storage"),
        "transport": gettext("Transport"),
        "opening": gettext("Opening"),
        "hosting": gettext("Hosting"),
    }[kind]


def packs(quantity: int, package: str | None) -> str:
    """A number of packs."""
    number = format_number(quantity)
    return {
        "bag": ngettext("%(number)s bag", "%(number)s bags", quantity, number=number),
        "box": ngettext("%(number)s box", "%(number)s boxes", quantity, number=number),
        "bottle": ngettext("%(number)s bottle", "%(number)s bottles", quantity, number=number),
        "jar": ngettext("%(number)s jar", "%(number)s jars", quantity, number=number),
        "bundle": ngettext("%(number)s bundle", "%(number)s bundles", quantity, number=number),
        "piece": ngettext("%(number)s piece", "%(number)s pieces", quantity, number=number),
        "tray": ngettext("%(number)s tray", "%(number)s trays", quantity, number=number),
        "carton": ngettext("%(number)s carton", "%(number)s cartons", quantity, number=number),
    }[package or "piece"]


def content(amount: int, unit: str) -> str:
    """A net content."""
    number = format_number(amount)
    return {
        "g": gettext("%(number)s g", number=number),
        "kg": gettext("%(number)s kg", number=number),
        "ml": gettext("%(number)s ml", number=number),
        "l": gettext("%(number)s l", number=number),
        "m": gettext("%(number)s m", number=number),
        "piece": packs(amount, "piece"),
    }[unit]


def hectares(area_m2: int) -> str:
    """An area."""
    return gettext("%(area)s ha", area=format_decimal(area_m2 / 10_000, locale=get_locale()))


def indication_type(kind: str) -> str:
    """What kind of protected name it is."""
    return {
        "geographical_indication": gettext("Geographical indication"),
        "certification_mark": gettext("Certification mark"),
        "collective_mark": gettext("Collective mark"),
    }[kind]


def format_number(number: float) -> str:
    """A number by locale."""
    return format_decimal(number, locale=get_locale())


def place_of(producer: ProducerFacts) -> str:
    """Commune and province, as the language puts them."""
    commune, province = producer.commune, producer.province
    if commune is None:
        return gettext("%(province)s province", province=province) if province else ""
    kind, _, name = commune.partition(" ")
    if current_language() == "vi":
        return f"{kind.lower()} {name}, tỉnh {province}"
    if kind == "Phường":
        return gettext("%(name)s ward, %(province)s province", name=name, province=province)
    return gettext("%(name)s commune, %(province)s province", name=name, province=province)


def decision(stars: Stars) -> str:
    """By which decision, of whom, on which day."""
    issuers = {
        "district": gettext("the People's Committee of the former district"),
        "province": gettext("the province's People's Committee"),
        "centre": gettext("the central level"),
    }
    issuer = issuers.get(stars.issuer or "", stars.issuer)
    parts = [stars.decision or gettext("Decision (number not known)")]
    if stars.evaluation_round:
        parts.append(stars.evaluation_round)
    if issuer:
        parts.append(gettext("by %(issuer)s", issuer=issuer))
    if stars.decided_on:
        parts.append(format_partial_date(stars.decided_on))
    return end_sentence(join_parts(*parts))


def word_correction(correction: Correction) -> str:
    """A correction with what stood there before."""
    names = {
        "harvested_on": gettext("Harvested"),
        "made_on": gettext("Made on (NSX)"),
        "packed_on": gettext("Packed"),
        "best_before": gettext("Best before (HSD)"),
        "place": gettext("Place"),
    }

    def value(text: str | None) -> str:
        if text is None:
            return gettext("nothing")
        return text if correction.field == "place" else format_partial_date(text)

    return gettext(
        "Corrected on %(day)s: %(name)s was “%(old)s”. Reason: %(reason)s",
        day=format_day(correction.on),
        name=names[correction.field],
        old=value(correction.old_value),
        reason=correction.reason,
    )


def role_name(role: str) -> str:
    """What an account may be."""
    return {
        "member": gettext("Member"),
        "manager": gettext("Manager"),
        "inspector": gettext("Inspector"),
        "office": gettext("The province's office"),
        "administrator": gettext("Administrator"),
    }[role]


def word_done(act: object) -> str | None:
    """What was done just now, for the page that comes after it."""
    return {
        "set_logo": gettext("The logo is kept. Your labels bear it from the next file on."),
        "remove_logo": gettext("The logo is removed."),
        "withdraw_invitation": gettext("The invitation is withdrawn: its link is good for nothing any more."),
        "change_member_role": gettext("The role is changed."),
        "keep_correction": gettext("The correction is kept: later sheets for this printer are drawn with it."),
        "discard_proof": gettext("The result is discarded."),
        "forget_correction": gettext("The correction is forgotten: sheets for this printer are drawn as they are."),
        "remove_printer": gettext("The printer is removed, and its correction with it."),
        "remove_member": gettext("The member is removed and cannot act for the producer any more."),
        "disable_account": gettext("The account is disabled, and all its sessions are ended."),
        "enable_account": gettext("The account is enabled: its person can sign in again."),
        "take_staff_role": gettext("The role is taken away."),
        "turn_off_second_factor": gettext(
            "The second step is off, and all sessions are ended. Who needs one sets up a new one at the next sign-in."
        ),
    }.get(str(act))


def rating_state(state: str) -> str:
    """What holds of a rating today."""
    return {
        "valid": gettext("Valid"),
        "expired": gettext("Expired"),
        "withdrawn": gettext("Withdrawn"),
        "undated": gettext("Validity not known"),
        "ahead": gettext("Not decided yet"),
    }[state]


def report_kinds() -> list[tuple[str, str]]:
    """What a person may report."""
    return [
        ("code_elsewhere", gettext("The same code is on something else")),
        ("goods_differ", gettext("The goods differ from the page")),
        ("pack_opened", gettext("The pack or seal was opened")),
        ("price_or_sale", gettext("Odd price or seller")),
        ("other", gettext("Something else")),
    ]


def check_result(result: str) -> str:
    """The result of an official check, in words."""
    words = {"in_order": gettext("In order"), "to_correct": gettext("To be corrected"), "serious": gettext("Serious")}
    return words[result]
