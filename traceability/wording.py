"""What a refusal says to a person, in the language of the moment: what is wrong, and what to do."""

from collections.abc import Mapping
from datetime import date

from flask_babel import gettext

from traceability.domain.errors import Malformed, Refused, TraceabilityError
from traceability.register_wording import refusals_of_register
from traceability.web.languages import format_day


def word_refusal(error: TraceabilityError) -> str:
    """One or two sentences for a refusal. A code without words of its own is a mistake that a test shows."""
    if isinstance(error, Malformed):
        return _faults().get(error.fault, gettext("This is not a code of ours (%(fault)s).", fault=error.fault))
    if isinstance(error, Refused):
        facts: Mapping[str, object] = {name: _told(value) for name, value in error.facts.items()}
        sentence = refusals()[error.code]
        try:
            return sentence % facts
        except KeyError:
            # A constraint refused it, which knows the rule but not the values.
            return gettext("Refused (%(rule)s): somebody else was faster, or the entry does not fit. Load the page again.", rule=error.code)
    return str(error)


def _told(value: object) -> object:
    if isinstance(value, date):
        return format_day(value)
    return "–" if value is None else value


def _faults() -> dict[str, str]:
    return {
        "gtin": gettext("A GTIN has 8, 12, 13 or 14 digits. Copy it from the bar code of your own product."),
        "gtin_check_digit": gettext("The GTIN's last digit does not fit the others: one digit is wrong. Compare it with the bar code."),
    }


def refusals() -> dict[str, str]:
    """All codes with their sentences; `%(name)s` are the facts of the refusal."""
    return {
        **_of_registration(),
        **_of_batches(),
        **_of_stamps(),
        **_of_paper(),
        **_of_printers(),
        **_of_people(),
        **_of_accounts(),
        **_of_findings(),
        **refusals_of_register(),
    }


def _of_findings() -> dict[str, str]:
    return {
        "report_words": gettext("Write what became of it, in at most %(largest)s characters."),
        "alert_conclusion": gettext("Choose what you found."),
        "alert_words": gettext("Write what you found and how, in at most %(largest)s characters."),
        "alert_finding": gettext("That finding is of another lot. Choose one of this lot, or none."),
        "nothing_to_suspect": gettext("Nothing of this lot bears a stamp yet."),
        "finding_form": gettext("This finding cannot be read: it did not come from our page."),
        "finding_id": gettext("This finding cannot be read: it did not come from our page."),
        "finding_place": gettext("Write where it was found, in at most 200 characters."),
        "finding_result": gettext("Choose a result."),
        "finding_checked": gettext("This finding cannot be read: it did not come from our page."),
        "finding_correct_by": gettext("Write by which day it must be corrected; that day must not lie before the finding."),
        "finding_words": gettext("Write what is wrong, in at most 2,000 characters."),
        "finding_seized": gettext("Write how much was seized as a whole number, and of what."),
        "finding_coordinates": gettext("The coordinates cannot be right: switch them off and send the finding again."),
        "finding_photographs": gettext("The photographs are not the ones that were taken, or there are more than 12: take them again."),
    }


def _of_registration() -> dict[str, str]:
    return {
        "role": gettext("This is not yours to do: it takes the role %(roles)s."),
        "producer_kind": gettext("“%(kind)s” is no kind of producer."),
        "name_empty": gettext("Write a name."),
        "tax_code": gettext("“%(tax_code)s” is not a tax code (10 or 13 digits, the last of the first ten checks the others)."),
        "tax_code_taken": gettext("A producer with the tax code %(tax_code)s is registered already."),
        "province_unknown": gettext("No province has the code %(code)s."),
        "commune_unknown": gettext("No commune or ward has the code %(code)s."),
        "commune_elsewhere": gettext("%(commune)s lies in %(province)s: choose that province."),
        "web_address": gettext("“%(address)s” is not a web address; it must begin with https://."),
        "consent_ahead": gettext("The consent is dated %(day)s, which lies ahead."),
        "ocop_group": gettext("Groups are 1 to 6."),
        "producer_missing": gettext("This producer is not registered."),
        "producer_unnamed": gettext("No source names the producer of “%(product)s”: register its producer first."),
        "product_missing": gettext("This product is not registered."),
        "part_missing": gettext("What was asked for (%(kind)s) is not there."),
        "net_content": gettext("The net content needs a number above 0 and a unit."),
        "gtin_statement_missing": gettext("Add the producer's statement that it owns the GTIN %(gtin)s."),
        "gtin_without_producer": gettext("A GTIN needs the producer that owns it."),
        "gtin_taken": gettext("Another product of this producer has the GTIN %(gtin)s. Each product needs its own."),
        "gtin_of_another_producer": gettext("The GTIN %(gtin)s belongs to another producer. Use your own, or none."),
        "gtin_frozen": gettext("Stamps stand on this product's GTIN: it cannot change. Register a new product instead."),
        "stars_range": gettext("Only 3, 4 and 5 stars are recognised, not %(stars)s."),
        "score_range": gettext("A score lies between 0 and 100."),
        "score_stars": gettext("%(score)s points do not make %(stars)s stars."),
        "recognition_missing": gettext("This recognition is not on record."),
        "withdrawn_already": gettext("The recognition was withdrawn on %(day)s already: nothing is left to do."),
        "not_an_indication": gettext("“%(name)s” is a mark, not a geographical indication: no right of use is granted to it here."),
        "use_right_missing": gettext(
            "The producer held no right to use “%(indication)s” on %(day)s. Ask the office, or leave the indication out."
        ),
        "days_order": gettext("The last day (%(last)s) lies before the first (%(first)s)."),
        "date_text": gettext("“%(text)s” is not a date. Write it as 2026-12-28."),
        "reason_empty": gettext("Write the reason."),
    }


def _of_batches() -> dict[str, str]:
    return {
        "batch_missing": gettext("There is no batch %(batch)s."),
        "lot_empty": gettext("Write the lot number."),
        "lot_too_long": gettext("The lot number has %(length)s characters; at most 20 fit."),
        "lot_slash": gettext("A lot number cannot hold “/”. Use a hyphen: 12-3 in place of 12/3."),
        "lot_dots": gettext("A lot number cannot be only dots."),
        "lot_characters": gettext(
            "The lot number holds characters that codes cannot carry: %(characters)s. Use letters without accents, digits and hyphens."
        ),
        "lot_repeated": gettext(
            "This product has the lot %(other)s already (capitals and small letters count as the same). Give the new batch another number."
        ),
        "packed_before_harvested": gettext("Packed on %(packed_on)s, before the harvest on %(harvested_on)s: correct one of the dates."),
        "made_before_harvested": gettext("Made on %(made_on)s, before the harvest on %(harvested_on)s: correct one of the dates."),
        "best_before_early": gettext("Best before %(best_before)s lies before %(earlier)s: correct one of the dates."),
        "date_ahead": gettext("%(day)s lies ahead; today is %(today)s."),
        "date_range": gettext("%(day)s is outside the days that a stamp can state."),
        "quantity_range": gettext("The quantity is a whole number from 1 to %(largest)s."),
        "allowance_range": gettext("The spoilage allowance lies between 0 and %(largest)s per cent."),
        "package": gettext("Choose how the goods are packed."),
        "service_with_lot": gettext("A service has neither lot nor quantity."),
        "batch_state": gettext("The batch cannot become “%(state)s”: stamps were issued for it."),
        "claims_frozen": gettext("Stamps stand on these facts: they cannot change. Add a dated correction instead."),
        "field": gettext("“%(field)s” cannot be corrected."),
        "stage_kind": gettext("“%(kind)s” is no stage."),
        "report_elsewhere": gettext("The report belongs to another batch."),
        "input_from_whom": gettext("Write from whom it came, or which batch it was."),
        "input_circle": gettext("That batch was itself made from this one."),
        "trace_days": gettext("Choose a first and a last day, at most two years apart."),
        "figures_day": gettext("Figures begin with the programme: choose a day from %(first)s to %(last)s."),
        "goal": gettext("Choose what the goal is about, and a year from 2018 to 2100."),
        "area_code": gettext("Write the growing area's code: letters and digits, at most 50."),
        "capacity_unit": gettext("Choose what the amount is counted in."),
        "season": gettext("Choose the season's first and last day, at most two years apart."),
        "source_empty": gettext("Write which decision or survey it comes from."),
        "season_taken": gettext("For this area an amount is registered from %(first)s to %(last)s: end it first."),
        "hold_released": gettext("This was released already: stamps may have been issued. Cancel or recall them instead."),
        "capacity_waits": gettext(
            "With these packs more would be stamped than this growing area can yield in a season. The province's office was asked to"
            " release it: try again once it has. What was stamped before stays as it is."
        ),
        "capacity_denied": gettext("The province's office did not release these packs: “%(words)s”. Ask it, or issue fewer."),
        "amount": gettext("An amount is a number above 0, not %(amount)s."),
        "text_long": gettext("“%(field)s” has %(length)s characters; at most %(largest)s fit. Shorten it."),
        "time_ahead": gettext("This time lies ahead. Leave it empty for now."),
        "units_half": gettext("Write both the first and the last unit, or neither."),
        "lot_pattern": gettext("“%(pattern)s” is no pattern: write {n} once, and where you like {yyyy}, {yy}, {mm} and {dd}."),
        "keeps_days": gettext("The goods keep for a whole number of days, from 1 to 36500."),
        "number_text": gettext("“%(text)s” is not a whole number. Write digits only."),
        "draft_large": gettext("What you typed is longer than a batch's form can be. Shorten it."),
        "files_many": gettext("At most %(most)s files go with one batch. Remove one first."),
        "report_large": gettext("The report is larger than %(most_mb)s MB. Send a smaller one, or a photograph of it."),
        "report_type": gettext("A report is a PDF, or a photograph of it. This file is neither, whatever its name says."),
        "report_acts": gettext("This PDF holds programs or other files, which we do not keep. Print it to a new PDF, or photograph it."),
        "undo_late": gettext("This stage stands for more than an hour, or was confirmed: it stays. Add a note in a new stage."),
        "labels_used": gettext("Write how many labels were used: from 0 to the %(issued)s that were issued."),
        "recipient_empty": gettext("Write to whom it went."),
    }


def _of_paper() -> dict[str, str]:
    return {
        "kind_of_stock": gettext("ZPL and TSPL are for rolls. Choose a roll, or PDF."),
        "copies_of_kind": gettext("Only PDF, ZPL and TSPL can hold a label several times. Choose one of them, or one copy."),
        "start_of_kind": gettext("Only sheets begin at another place than the first. Choose PDF, or place 1."),
        "part_cancelled": gettext("All of these labels are cancelled: none is left to print."),
        "paging_start": gettext("The first free place lies between 1 and %(most)s on this sheet."),
        "paging_copies": gettext("Each label can be printed 1 to %(most)s times."),
        "paging_parts": gettext("These labels cannot be split like this: choose 1 to 20 files, and copies that fill whole sheets."),
        "part_unknown": gettext("There is no such part of these labels. Go back to the page and choose again."),
        "symbol_native": gettext("The printer cannot make this code small enough by itself. Print without “Small file”."),
        "table_long": gettext("A table for Excel holds at most %(most)s rows. Choose CSV, or fewer labels."),
        "length_text": gettext("“%(text)s” is no length. Write millimetres, such as 38.1."),
        "stock_name": gettext("Give the sheet or roll a name."),
        "stock_taken": gettext("You have a stock “%(name)s” already. Choose another name."),
        "stocks_many": gettext("At most %(most)s sheets and rolls of your own are kept. Remove one first."),
        "stock_length": gettext("A length is wrong: labels measure 20 × 10 to 200 × 200 mm, paper at most 420 mm, margins at least 0."),
        "stock_count": gettext("A sheet has 1 to 50 labels side by side and 1 to 100 below one another."),
        "stock_overlap": gettext(
            "The labels overlap: they lie %(pitch_mm)s mm apart and are %(length_mm)s mm long. Measure from edge to edge."
        ),
        "stock_off_page": gettext("The labels leave the paper, by %(right_mm)s mm on the right and %(below_mm)s mm below."),
        "stock_across": gettext("A roll has 1 to %(most)s labels side by side."),
        "stock_gap": gettext("Choose how the printer finds the next label."),
    }


def _of_stamps() -> dict[str, str]:
    return {
        "form_unknown": gettext("There is no form “%(form)s”: choose gs1, house or signed."),
        "batch_draft": gettext("The batch is a draft: open it before you issue stamps."),
        "batch_closed": gettext("The batch is closed: no more stamps are issued for it."),
        "service_gs1": gettext("A service has no GTIN: choose house or signed."),
        "gtin_missing": gettext("The product has no GTIN of its own: choose house or signed. No GTIN is ever invented."),
        "service_by_unit": gettext("A service has one stamp, not one a unit."),
        "scope_fixed": gettext("The first issuance fixed whether this batch is stamped as a whole or by unit. It cannot be both."),
        "units_range": gettext("The number of stamps is a whole number from 1 to %(largest)s."),
        "units_exceed": gettext(
            "%(units)s stamps are more than the batch allows: %(left)s are left of %(quantity)s packs and the allowance for spoilt labels."
        ),
        "units_not_issued": gettext("Units %(first)s to %(last)s were not all issued; the last one is %(last_unit)s."),
        "nothing_issued": gettext("No stamps were issued for this batch yet. Issue them first."),
        "form_not_issued": gettext("This stamp was not issued in the form “%(form)s”."),
        "stamp_cancelled": gettext("This stamp was cancelled: it is not printed again."),
        "units_cancelled": gettext(
            "Of these labels some are cancelled and not printed again: %(units)s. Name the others, or leave these out."
        ),
        "units_cancelled_all": gettext("All of these labels are cancelled already."),
        "spoilt_none": gettext("Scan or type at least one code."),
        "spoilt_many": gettext("At most %(most)s codes at a time. Send the rest afterwards."),
        "spoilt_strange": gettext(
            "Nothing was cancelled: these are no codes of single labels of this batch: %(lines)s. Compare the letters."
        ),
        "no_stamp_key": gettext("No key can sign today. Make one with `keys new`."),
        "key_lost": gettext("The private key %(kid)s is not here: signed stamps of it cannot be printed again."),
        "stock_unknown": gettext("Choose one of the label sizes and printers of the list."),
        "design_unknown": gettext("Choose one of the designs and languages of the list."),
        "labels_range": gettext("One file holds from 1 to %(most)s labels. Print the rest in a second file."),
        "label_misfit": gettext("The label does not fit this stock on this printer. Choose a larger stock or another form of the code."),
        "idempotency_reused": gettext("This form was sent before with other values. Load the page again."),
        "issued_at_once": gettext("Somebody else issued stamps of this batch at the same moment. Try again."),
        "recall_words": gettext("A recall needs what to do, whom to call, and why."),
    }


def _of_printers() -> dict[str, str]:
    return {
        "printer_missing": gettext("There is no such printer."),
        "printer_name_taken": gettext("You have a printer of this name already. Give this one another."),
        "printers_many": gettext("At most %(most)s printers can be kept. Remove one first."),
        "proof_edges_missing": gettext(
            "Not all four edges of the paper can be seen. Lay the sheet on a dark table and photograph it with some table around it. "
            "Cut nothing off, and use no scanning app: it cuts the edges away."
        ),
        "proof_marks_missing": gettext(
            "Some of the square marks around the page cannot be seen. Photograph the whole sheet, flat, with nothing lying on it, "
            "and without the wide-angle lens."
        ),
        "proof_not_flat": gettext(
            "The sheet is not flat. Press it flat, and photograph it straight from above, without the wide-angle lens."
        ),
        "proof_not_the_page": gettext("The test page was not found in the picture. Print it from here, and photograph the whole sheet."),
        "proof_too_blurred": gettext("The picture is blurred. Take it with more light, hold still, and tap on the sheet to focus."),
        "proof_too_small": gettext(
            "The sheet is too small in the picture. Go closer, so that it fills most of the picture, and send the original."
        ),
        "proof_gone": gettext("There is no result to keep any more. Send the picture again."),
        "correction_large": gettext("This is more than can be corrected. Mend the print dialogue first, and print the test page again."),
    }


def _of_people() -> dict[str, str]:
    return {
        "report_kind": gettext("Choose what is odd."),
        "report_empty": gettext("Write in a few words what is odd."),
        "report_long": gettext("Your words have %(length)s characters; at most %(largest)s fit. Nothing was lost: shorten them."),
        "report_flood": gettext("You have sent many reports within an hour. Please wait a little; nothing was lost."),
        "picture_large": gettext("The picture is larger than %(most_mb)s MB. Send a smaller one."),
        "picture_pixels": gettext("The picture has %(megapixels)s megapixels; at most %(most)s can be read. Send a smaller one."),
        "picture_unreadable": gettext("This is not a picture that we can read. Send a JPEG or PNG photograph."),
        "picture_busy": gettext("Many pictures are being read at the moment. Try again in a minute, or type the code."),
        "picture_without_stamp": gettext("No stamp was found in the picture. Go closer, hold still, and mind reflections."),
        "picture_several_stamps": gettext("The picture shows %(count)s different codes. Photograph one stamp only."),
        "picture_missing": gettext("Choose a picture first."),
        "logo_vector": gettext("Drawings as SVG, EPS or PDF may hold programs and are not taken. Save the logo as PNG and send that."),
        "logo_type": gettext("A logo is a picture as PNG, JPEG or WebP. This file is none of them, whatever its name says."),
        "logo_small": gettext("The logo has too few dots to print well: at least %(least)s in each direction."),
        "logo_long": gettext(
            "The logo is more than %(most)s times as long as it is high, or the other way round. Send a more compact one."
        ),
        "logo_blank": gettext("In black and white hardly anything is left of this picture. Send a dark logo on a light ground."),
    }


def _of_accounts() -> dict[str, str]:
    return {
        "login": gettext("Write an e-mail address, or a phone number of ten digits."),
        "login_taken": gettext("An account with the login %(login)s is there already."),
        "password_short": gettext("The password is too short: at least %(least)s characters. A few words make a good one."),
        "password_long": gettext("The password is too long: at most %(largest)s characters."),
        "password_common": gettext("Many people use this password, or it is your own name: choose another."),
        "password_wrong": gettext("The current password does not fit."),
        "staff_role": gettext("“%(role)s” is no role."),
        "member_role": gettext("“%(role)s” is no role of a producer's member."),
        "not_manager": gettext("Only a manager of the producer may do that."),
        "not_office": gettext("Only the office or an administrator may do that."),
        "not_member": gettext("This account is no member of the producer."),
        "last_manager": gettext("This is the producer's last manager: make another one first."),
        "not_oneself": gettext("This is your own account: use My account, or ask somebody else."),
        "not_administrator": gettext("Only an administrator may do that to an account of the office or of an administrator."),
        "reset_by_office": gettext("This account has other duties too: ask the province's office for its link."),
        "account_missing": gettext("There is no such account."),
        "account_disabled": gettext("The account is disabled: enable it first."),
        "role_missing": gettext("The account does not hold this role."),
        "second_factor_off": gettext("The account has no second step turned on."),
        "invitation_missing": gettext("This invitation is not there any more: it was used, withdrawn, or is too old."),
        "invitation_empty": gettext("Choose what the invitation is for: one producer, or one role."),
        "link_dead": gettext("The link is unknown, was used, or is older than 24 hours. Ask for a new one."),
        "link_of_another": gettext("The invitation was made for another login."),
        "sign_in_first": gettext("This login has an account already: sign in, and open the link again."),
        "sign_in_locked": gettext("Too many wrong tries. Wait %(minutes)s minutes and try again."),
    }
