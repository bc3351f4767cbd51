"""What the inspector's page says, handed to its script in the page's language."""

from flask_babel import gettext as _


def words() -> dict[str, str]:
    """All sentences by name; `{name}` is filled in by the script."""
    return {**_verdicts(), **_reasons(), **_pack(), **_rest()}


def verdict_words() -> dict[str, str]:
    """What each verdict is called."""
    return {name.removeprefix("verdict_"): word for name, word in _verdicts().items() if name.startswith("verdict_")}


def _verdicts() -> dict[str, str]:
    return {
        "verdict_ISSUED": _("Issued by us"),
        "more_ISSUED": _("Nothing speaks against it."),
        "verdict_EXPIRED": _("Past its best-before day"),
        "more_EXPIRED": _("The stamp was issued by us."),
        "verdict_SUSPECT": _("Suspect"),
        "more_SUSPECT": _("Its scans do not fit one object in one place."),
        "verdict_UNDETERMINED": _("Cannot be decided here"),
        "verdict_RECALLED": _("Recalled"),
        "verdict_REVOKED": _("This stamp was cancelled"),
        "verdict_UNKNOWN": _("Never issued by us"),
        "verdict_MALFORMED": _("No stamp of ours, or misread"),
    }


def _reasons() -> dict[str, str]:
    return {
        "reason_unit_without_signature": _(
            "Without a network a pack of this batch cannot be told from a copy: the batch is known, the unit is not proven."
        ),
        "reason_batch_not_in_pack": _("This batch is not among those on this phone."),
        "reason_bad_signature": _("Its signature is false: somebody made or changed this code."),
        "reason_key_unknown": _("It is signed by a key that this phone does not know."),
        "reason_key_revoked": _("It is signed by a key that was revoked."),
        "reason_key_not_valid": _("It is signed by a key that was not valid then."),
        "reason_claims_not_in_pack": _("What it claims is not what was issued, as far as this phone knows."),
        "reason_form_not_issued": _("Stamps of this batch were not issued in this form."),
        "reason_scope_not_issued": _("Stamps of this batch were issued differently: for each pack, or for the whole batch."),
        "reason_nothing_issued": _("No stamps of this batch were issued."),
        "reason_pack_too_old": _("What this phone knows is older than 7 days."),
        "reason_clock_behind": _("The clock of this phone is wrong."),
        "reason_layout_unknown": _("It is of a newer kind than this phone can read."),
        "reason_check_character": _("A character was misread: compare the letters."),
        "reason_length": _("A code has 12 or 24 characters."),
        "reason_alphabet": _("It holds a character that no code of ours has."),
        "reason_foreign_host": _("It opens another address than ours."),
        "reason_scheme": _("It is no address of ours."),
        "reason_no_lot": _("It names a product without its lot."),
        "reason_revoked": _("Cancelled stamps must not be on goods."),
        "reason_suspected": _("Ask where it was bought, and compare with another pack."),
    }


def _pack() -> dict[str, str]:
    return {
        "no_pack": _("This phone knows nothing yet: it needs a network once."),
        "loading": _("Fetching what to check by: {done} of {size}"),
        "age_new": _("Known as of {since}, less than an hour old."),
        "age_hours": _("Known as of {since}, {hours} hours old."),
        "age_days": _("Known as of {since}, {days} days old."),
        "too_old": _("Too old: nothing is said to be good by it."),
        "clock_behind": _(
            "The clock of this phone is behind what it knows ({since}): set it right. Until then nothing is said to be good."
        ),
        "fault": _("What was fetched is not to be trusted ({fault}), and what was there before goes on being used. Tell the office."),
        "fault_key_file_signature": _("What was fetched is not signed by the office's root key: it is not used. Tell the office."),
        "fault_no_pack_key": _("The office has no key yet that signs what phones take along."),
        "fault_full": _("There is no room on this phone: delete something, then fetch again."),
    }


def _rest() -> dict[str, str]:
    return {
        "camera_refused": _("The camera may not be used: allow it for this page, or type the code, or take a photograph."),
        "camera_missing": _("There is no camera here: type the code, or take a photograph."),
        "no_symbol": _("No code was found in the photograph. Hold it closer, flat, and in light."),
        "no_picture": _("This file is no photograph that can be read."),
        "call": _("Call: {contact}."),
        "why": _("Why: {reason}"),
        "checking": _("Asking the server …"),
        "by_pack": _("Checked by what this phone knows; the server will be asked when there is a network."),
        "server_agrees": _("The server says the same."),
        "server_differs": _("So says the server, which knows more. This phone alone would say: {verdict}."),
        "product": _("Product"),
        "producer": _("Producer"),
        "lot": _("Lot"),
        "packed_on": _("Packed on"),
        "best_before": _("Best before"),
        "stars": _("OCOP stars today"),
        "stars_until": _("{stars} until {until}"),
        "no_stars": _("none that is valid today"),
        "indication": _("Geographical indication"),
        "unit": _("Pack number"),
        "code_of": _("Code"),
        "text_of": _("What the code says"),
        "write_down": _("Write down a finding"),
        "open_batch": _("Open the batch (with a network)"),
        "waiting": _("Findings that wait to be sent: {count}"),
        "open_again": _("Mend it"),
        "remove": _("Remove"),
        "discard_sure": _("Throw away what is written here?"),
    }
