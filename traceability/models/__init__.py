"""The tables, by noun. Invariants live here and in the migrations, not in whoever writes a row."""

from traceability.models.account import Account, Link, Membership, RecoveryCode, SignInFailure, StaffRole, WebSession
from traceability.models.alert import Alert, ScanWatch
from traceability.models.audit import AuditEntry
from traceability.models.base import Base
from traceability.models.batch import Batch, BatchCorrection, BatchInput, Delivery, GrowingArea, Photograph, Report, Stage, Upload
from traceability.models.draft import BatchDraft, DraftFile, SentForm
from traceability.models.goal import Goal
from traceability.models.growing import AreaCapacity, CapacityHold
from traceability.models.inspection import Inspection, InspectionPhotograph
from traceability.models.issuance import Issuance, PrintRun, Recall, Revocation, Suspicion
from traceability.models.notice import ExpiryNotice
from traceability.models.printer import Printer
from traceability.models.printing import OwnStock, PrintFile
from traceability.models.producer import CraftVillage, Picture, Producer, ProducerLogo, Product
from traceability.models.register import Evaluation, GeographicalIndication, PublishedCount, Recognition, UseRight
from traceability.models.register_change import RegisterChange
from traceability.models.register_import import HistoricPlace, ImportEffect, ImportRow, RegisterImport
from traceability.models.scan import ConsumerReport, KeyAlarm, Scan
from traceability.models.scan_counts import BatchCount, DayCount, JournalFile, ScanDay, StampCount
from traceability.models.shop import Listing, ShopClick
from traceability.models.support import Support, VisitFacts
from traceability.models.trust_pack import IssuedPack

__all__ = [
    "Account",
    "Alert",
    "AreaCapacity",
    "AuditEntry",
    "Base",
    "Batch",
    "BatchCorrection",
    "BatchCount",
    "BatchDraft",
    "BatchInput",
    "CapacityHold",
    "ConsumerReport",
    "CraftVillage",
    "DayCount",
    "Delivery",
    "DraftFile",
    "Evaluation",
    "ExpiryNotice",
    "GeographicalIndication",
    "Goal",
    "GrowingArea",
    "HistoricPlace",
    "ImportEffect",
    "ImportRow",
    "Inspection",
    "InspectionPhotograph",
    "Issuance",
    "IssuedPack",
    "JournalFile",
    "KeyAlarm",
    "Link",
    "Listing",
    "Membership",
    "OwnStock",
    "Photograph",
    "Picture",
    "PrintFile",
    "PrintRun",
    "Printer",
    "Producer",
    "ProducerLogo",
    "Product",
    "PublishedCount",
    "Recall",
    "Recognition",
    "RecoveryCode",
    "RegisterChange",
    "RegisterImport",
    "Report",
    "Revocation",
    "Scan",
    "ScanDay",
    "ScanWatch",
    "SentForm",
    "ShopClick",
    "SignInFailure",
    "StaffRole",
    "Stage",
    "StampCount",
    "Support",
    "Suspicion",
    "Upload",
    "UseRight",
    "VisitFacts",
    "WebSession",
]
