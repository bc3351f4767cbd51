"""What was done to what, as the office reads it in the audit trail; a word that is not here is shown as it is stored."""

from flask_babel import gettext


def act_name(act: str | None, change: str) -> str:
    """The act, or what happened to the row where the act has no word of its own."""
    return _acts().get(act or "", act or _changes()[change])


def kind_name(kind: str) -> str:
    """What was changed."""
    return _kinds().get(kind, kind)


def role_of(role: str) -> str:
    """In which role it was done."""
    words = {
        "visitor": gettext("Visitor, not signed in"),
        "system": gettext("The system"),
        "producer": gettext("Producer"),
        "account": gettext("Account without a role"),
        "inspector": gettext("Inspector"),
        "office": gettext("The province's office"),
        "administrator": gettext("Administrator"),
    }
    return words.get(role, role)


def _changes() -> dict[str, str]:
    return {"insert": gettext("Added"), "update": gettext("Changed"), "delete": gettext("Deleted")}


def _acts() -> dict[str, str]:
    return {
        "sign_in": gettext("Signing in"),
        "give_code": gettext("Second step at sign-in"),
        "sign_out": gettext("Signing out"),
        "end_session": gettext("Session ended"),
        "change_password": gettext("Own password changed"),
        "set_second_factor": gettext("Second step set up"),
        "use_link": gettext("Link used"),
        "accept_invitation": gettext("Invitation accepted"),
        "forgot_password": gettext("Link for a forgotten password"),
        "invite": gettext("Invitation made"),
        "withdraw_invitation": gettext("Invitation withdrawn"),
        "change_member_role": gettext("Member's role changed"),
        "remove_member": gettext("Member removed"),
        "make_reset_link": gettext("Link for a new password"),
        "disable_account": gettext("Account disabled"),
        "enable_account": gettext("Account enabled"),
        "take_staff_role": gettext("Role taken away"),
        "turn_off_second_factor": gettext("Second step turned off"),
        "add_account": gettext("Account made"),
        "sample": gettext("Sample register loaded"),
        "issue": gettext("Stamps issued"),
        "register_batch": gettext("Batch registered"),
        "record_stage": gettext("Stage recorded"),
        "undo_stage": gettext("Stage taken back"),
        "record_delivery": gettext("Delivery recorded"),
        "record_input": gettext("Ingredient recorded"),
        "issue_and_print": gettext("Stamps issued and printed"),
        "print_again": gettext("Labels printed again"),
        "hand_over_file": gettext("File added to a batch"),
        "keep_file": gettext("File added to a draft"),
        "reopen_batch": gettext("Batch opened again"),
        "lift_recall": gettext("Recall lifted"),
        "edit_batch": gettext("Batch edited"),
        "correct_batch": gettext("Batch corrected"),
        "close_batch": gettext("Batch closed"),
        "recall_goods": gettext("Goods recalled"),
        "revoke_stamps": gettext("Cancelled stamps"),
        "record_finding": gettext("Finding recorded"),
        "watch_scans": gettext("Scans looked at by the rules"),
        "handle_report": gettext("Report dealt with"),
        "close_alert": gettext("Alert closed"),
        "suspect_batch": gettext("Lot suspected"),
        "clear_suspicion": gettext("Suspicion ended"),
        "register_capacity": gettext("Growing area's capacity registered"),
        "end_capacity": gettext("Growing area's capacity ended"),
        "export_trace": gettext("Tables of a trace fetched"),
        "record_recognition": gettext("Rating recorded"),
        "withdraw_recognition": gettext("Rating withdrawn"),
        "supersede_recognition": gettext("Rating taken out as wrong"),
        "grant_use_right": gettext("Right of use granted"),
        "end_use_right": gettext("Right of use withdrawn"),
        "add_listing": gettext("Listing on line added"),
        "check_listing": gettext("Listing on line checked"),
        "set_visit_facts": gettext("How to visit set"),
        "set_online": gettext("Shop and payment on line set"),
        "record_support": gettext("Support recorded"),
        "remove_support": gettext("Support taken off"),
        "add_village": gettext("Craft village added"),
        "remind": gettext("Producer reminded"),
        "begin_import": gettext("Sheet handed over"),
        "preview_import": gettext("Sheet read"),
        "read_import_again": gettext("Sheet read again"),
        "apply_import": gettext("Sheet written into the register"),
        "undo_import": gettext("Sheet undone"),
        "discard_import": gettext("Sheet put aside"),
        "set_goal": gettext("Goal set"),
        "ask_release": gettext("Release asked of the office"),
        "decide_hold": gettext("Release decided"),
        "save_draft": gettext("Draft saved"),
        "discard_draft": gettext("Draft discarded"),
        "remove_draft_file": gettext("File of a draft removed"),
        "fetch_labels": gettext("Labels fetched"),
        "set_logo": gettext("Logo set"),
        "remove_logo": gettext("Logo removed"),
        "set_numbering": gettext("Lot numbering set"),
        "add_printer": gettext("Printer added"),
        "keep_correction": gettext("Printer's correction kept"),
        "forget_correction": gettext("Printer's correction forgotten"),
        "remove_printer": gettext("Printer removed"),
    }


def _kinds() -> dict[str, str]:
    return {
        "account": gettext("Account"),
        "membership": gettext("Membership"),
        "staff_role": gettext("Role"),
        "recovery_code": gettext("Recovery code"),
        "link": gettext("Link"),
        "web_session": gettext("Session"),
        "sign_in_failure": gettext("Wrong password or code"),
        "sign_in_lock": gettext("Lock after too many wrong tries"),
        "producer": gettext("Producer"),
        "producer_logo": gettext("Producer's logo"),
        "product": gettext("Product"),
        "picture": gettext("Picture"),
        "craft_village": gettext("Craft village"),
        "batch": gettext("Batch"),
        "batch_draft": gettext("Draft of a batch"),
        "draft_file": gettext("File of a draft"),
        "batch_correction": gettext("Correction"),
        "batch_input": gettext("Ingredient"),
        "growing_area": gettext("Growing area"),
        "area_capacity": gettext("Growing area's capacity"),
        "trace_export": gettext("Tables of a trace"),
        "goal": gettext("Goal"),
        "register_import": gettext("Sheet"),
        "historic_place": gettext("Old place"),
        "listing": gettext("Listing on line"),
        "evaluation": gettext("Evaluation"),
        "support": gettext("Support given"),
        "expiry_notice": gettext("Reminder"),
        "visit_facts": gettext("How to visit"),
        "capacity_hold": gettext("Batch that waits for the office"),
        "delivery": gettext("Delivery"),
        "stage": gettext("Stage"),
        "report": gettext("Test report"),
        "photograph": gettext("Photograph"),
        "upload": gettext("Upload"),
        "issuance": gettext("Issuance of stamps"),
        "print_run": gettext("Print run"),
        "printer": gettext("Printer"),
        "revocation": gettext("Cancelled stamps"),
        "recall": gettext("Recall"),
        "suspicion": gettext("Suspicion"),
        "alert": gettext("Alert"),
        "consumer_report": gettext("Report of something odd"),
        "inspection": gettext("Finding"),
        "recognition": gettext("Recognition"),
        "use_right": gettext("Right of use"),
        "geographical_indication": gettext("Geographical indication"),
        "published_count": gettext("Published count"),
    }
