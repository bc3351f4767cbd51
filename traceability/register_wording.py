"""What refusals of the register say: sheets, their cells, ratings."""

from flask_babel import gettext


def refusals_of_register() -> dict[str, str]:
    """Codes with their sentences."""
    return {**_of_sheets(), **_of_cells(), **_of_ratings()}


def _of_sheets() -> dict[str, str]:
    return {
        "sheet_large": gettext("The sheet is larger than %(most_mb)s MB, or becomes far larger when it is unpacked. Save fewer rows."),
        "sheet_type": gettext("This is neither an XLSX nor a CSV file, whatever its name says."),
        "sheet_macros": gettext("The file holds macros, which are not read. Save it as .xlsx without macros."),
        "sheet_old": gettext("This is an old .xls file, or one with a password. Save it as .xlsx without a password."),
        "sheet_broken": gettext("The file is damaged. Open it in a spreadsheet program and save it again as .xlsx."),
        "sheet_encoding": gettext("The CSV file's letters cannot be read. Save it as “CSV UTF-8”, or as .xlsx."),
        "sheet_rows": gettext("A sheet may have at most %(most)s rows. Split it."),
        "sheet_cell": gettext("A cell holds more than %(longest)s characters. Shorten it."),
        "sheet_empty": gettext("The sheet is empty."),
        "sheet_headings": gettext(
            "No row of headings was found that says what the sheet holds. Take the template's headings; for ratings at least “Product” and"
            " “Stars”."
        ),
        "import_missing": gettext("This sheet is not on record."),
        "import_state": gettext(
            "The sheet is not in that state any more: somebody else was faster, or it was sent twice. Load the page again."
        ),
        "import_stale": gettext("The register has changed since this was previewed: look at the register again, and then confirm."),
        "import_nothing": gettext("Nothing would change: there is nothing to write."),
        "import_gone": gettext("The file is not kept any more. Hand it over again."),
        "import_broken": gettext("The sheet could not be read by a mistake of ours, which is noted. Nothing was written."),
        "import_depended": gettext("This cannot be undone: on what it added there rest %(count)s × %(what)s. Correct single rows instead."),
        "import_rests": gettext("This cannot be undone: batches rest on what it changed. Correct single rows instead."),
        "import_overtaken": gettext("This cannot be undone: “%(name)s” (%(what)s) was changed since. Correct single rows instead."),
    }


def _of_cells() -> dict[str, str]:
    return {
        "cell_formula": gettext("The cell holds a formula. Copy the column and paste it as values."),
        "cell_empty": gettext("The cell is empty."),
        "row_twice": gettext("Row %(row)s of the file says something about the same already. Keep one of them."),
        "day_written": gettext("“%(text)s” is not a day. Write it as 28/12/2026."),
        "number_written": gettext("“%(text)s” is not a whole number."),
        "points_written": gettext("“%(text)s” is not a number of points. Write it as 72,5."),
        "stars_written": gettext("“%(text)s” is not a number of stars."),
        "yes_written": gettext("“%(text)s” is neither yes nor no."),
        "kind_written": gettext("“%(kind)s” is neither a first evaluation nor a re-evaluation."),
        "indication_type_written": gettext("“%(kind)s” is neither an indication nor a mark."),
        "group_written": gettext("“%(kind)s” is none of the six groups. Write 1 to 6."),
        "scope_written": gettext("“%(kind)s” is neither all nor one decision."),
        "confidence_written": gettext("“%(text)s” is no confidence: write high or medium."),
        "register_number": gettext("%(number)s is no number of the register of indications."),
        "commune_not_today": gettext(
            "Lào Cai has no commune or ward “%(commune)s” today. Write today's name; the old one belongs in “Place as written”."
        ),
        "commune_twice": gettext("“%(commune)s” is a commune and a ward: write which."),
        "tax_code_other": gettext("The tax code %(tax_code)s is that of “%(name)s”."),
        "producer_not_known": gettext("The producer “%(name)s” is not on record. Add it in the sheet of producers."),
        "producer_kind_needed": gettext(
            "“%(name)s” is not on record, and its name does not say its kind. Add the column “Kind of producer”."
        ),
        "product_not_known": gettext("The product “%(name)s” is not on record. Add it in the sheet of products."),
        "indication_not_known": gettext("No geographical indication with the number %(number)s is on record."),
        "checked_whole": gettext("Write both the day of the check and whether the listing was there."),
        "checked_ahead": gettext("The check is dated %(day)s, which lies ahead."),
        "counts_sum": gettext("The stars add up to %(stars)s, not to %(total)s."),
    }


def _of_ratings() -> dict[str, str]:
    return {
        "decision_twice": gettext("The decision rates this product twice: row %(row)s does so already."),
        "floor_empty": gettext("Write on which floor it is sold."),
        "visit_place": gettext("Write where it is: without a place nobody finds the way."),
        "support_kind": gettext("Choose what the support was."),
        "support_what": gettext("Write what was given."),
        "support_day": gettext("Choose the day on which it was given; it must not lie ahead."),
        "report_year": gettext("Choose a year from %(first)s to %(last)s."),
        "points_empty": gettext("Write the points: of the three parts, or in all."),
        "decision_known": gettext("The decision %(decision)s is on record for this product already."),
        "withdrawn_before": gettext("It was recognised on %(day)s only: it cannot be withdrawn before."),
        "withdrawal_whole": gettext("Write both the day of withdrawal and the reason."),
        "issuer_level": gettext("“%(name)s” does not say whether a district, the province or the ministry recognised."),
        "issuer_could_not": gettext("On %(day)s somebody else recognised %(stars)s stars. Check the day and who signed."),
        "before_scheme": gettext("The programme began on %(day)s: nothing was recognised before."),
        "decided_ahead": gettext("%(day)s lies ahead."),
        "valid_until_alone": gettext("Until when it holds follows from the decision's day, which is missing."),
        "valid_until_differs": gettext("36 months from the decision end on %(day)s."),
        "points_part": gettext("%(points)s points are more than this part can have (%(most)s)."),
        "points_missing": gettext("Write the points of all three parts, or of none."),
        "points_sum": gettext("The three parts make %(parts)s points, not %(total)s."),
    }
