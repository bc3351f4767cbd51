"""What sheets of the register hold: their kinds, columns and headings, in Vietnamese and English, accents and order aside."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from traceability.domain.folding import fold_name

FORMULA = "\x1a"
"""What stands for a cell that holds a formula."""


@dataclass(frozen=True)
class Row:
    """A row with its number in the sheet, from 1, and its cells by column, from 0, empty ones left out."""

    number: int
    cells: dict[int, str]
    is_hidden: bool = False


@dataclass
class Sheet:
    """A sheet's name and the rows that hold something."""

    name: str
    rows: list[Row] = field(default_factory=list)
    is_hidden: bool = False


class Column(NamedTuple):
    """A column: its key, its headings in Vietnamese and English, and others that sheets use for it."""

    key: str
    vi: str
    en: str
    others: tuple[str, ...] = ()
    is_needed: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of sheet; `names` are those of its sheet in Vietnamese and English."""

    key: str
    names: tuple[str, str]
    columns: tuple[Column, ...]

    @property
    def needed(self) -> frozenset[str]:
        """The keys of columns without which a sheet is not of this kind."""
        return frozenset(column.key for column in self.columns if column.is_needed)


_SOURCE = Column("source", "Nguồn", "Source", ("Nguồn tin", "Ghi chú nguồn"))
_PRODUCER = ("Chủ thể", "Producer", ("Chủ thể OCOP", "Tên chủ thể", "Đơn vị", "Cơ sở sản xuất", "Tên cơ sở"))
_PRODUCT = ("Sản phẩm", "Product", ("Tên sản phẩm", "Sản phẩm OCOP"))
_OF_PRODUCER = Column("producer", *_PRODUCER)
_OF_PRODUCT = Column("product", *_PRODUCT, is_needed=True)
_PLACE = Column("place", "Địa danh ghi trong hồ sơ", "Place as written", ("Địa chỉ", "Địa danh", "Place", "Địa điểm"))
_COMMUNE = Column("commune", "Xã, phường", "Commune or ward", ("Xã", "Phường", "Xã phường hiện nay", "Commune"))

PRODUCERS = Kind(
    "producers",
    ("Chủ thể", "Producers"),
    (
        Column("producer", *_PRODUCER, is_needed=True),
        Column("producer_kind", "Loại hình", "Kind of producer", ("Loại chủ thể", "Loại hình chủ thể"), is_needed=True),
        Column("tax_code", "Mã số thuế", "Tax code", ("MST",)),
        _COMMUNE,
        _PLACE,
        Column("address", "Địa chỉ chi tiết", "Address"),
        Column("phone", "Điện thoại", "Phone", ("Số điện thoại", "SĐT")),
        Column("storefront", "Gian hàng số", "Digital storefront", ("Có gian hàng số",)),
        Column("storefront_url", "Địa chỉ gian hàng số", "Storefront address", ("Link gian hàng",)),
        Column("e_payment", "Thanh toán điện tử", "E-payment", ("Tài khoản thanh toán điện tử",)),
        Column("consent_on", "Ngày đồng ý công khai", "Consent on", ("Ngày đồng ý",)),
        _SOURCE,
    ),
)
PRODUCTS = Kind(
    "products",
    ("Sản phẩm", "Products"),
    (
        _OF_PRODUCT,
        Column("producer", *_PRODUCER, is_needed=True),
        Column("group", "Nhóm", "Group", ("Nhóm sản phẩm", "Ngành hàng", "Bộ sản phẩm"), is_needed=True),
        Column("description", "Mô tả", "Description"),
        _PLACE,
        _SOURCE,
    ),
)
RECOGNITIONS = Kind(
    "recognitions",
    ("Công nhận", "Recognitions"),
    (
        _OF_PRODUCT,
        _OF_PRODUCER,
        Column("producer_kind", "Loại hình", "Kind of producer", ("Loại chủ thể", "Loại hình chủ thể")),
        _COMMUNE,
        _PLACE,
        Column("group", "Nhóm", "Group", ("Nhóm sản phẩm", "Ngành hàng", "Bộ sản phẩm")),
        Column("stars", "Hạng sao", "Stars", ("Số sao", "Sao", "Hạng", "Xếp hạng", "Phân hạng", "Kết quả phân hạng"), is_needed=True),
        Column("score", "Điểm", "Score", ("Tổng điểm", "Số điểm", "Điểm đánh giá")),
        Column("score_product", "Điểm phần A", "Points A", ("Điểm sản phẩm và sức mạnh cộng đồng", "Phần A")),
        Column("score_marketing", "Điểm phần B", "Points B", ("Điểm tiếp thị", "Điểm khả năng tiếp thị", "Phần B")),
        Column("score_quality", "Điểm phần C", "Points C", ("Điểm chất lượng", "Điểm chất lượng sản phẩm", "Phần C")),
        Column("kind", "Đánh giá", "Evaluation", ("Loại đánh giá", "Hình thức đánh giá", "Mới hoặc đánh giá lại")),
        Column("decision", "Quyết định", "Decision", ("Số quyết định", "Quyết định công nhận", "Số QĐ")),
        Column("round", "Đợt", "Round", ("Đợt đánh giá",)),
        Column("decided_on", "Ngày quyết định", "Decided on", ("Ngày công nhận", "Ngày ban hành", "Recognised on", "Ngày ký")),
        Column("valid_until", "Có hiệu lực đến", "Valid until", ("Hiệu lực đến", "Ngày hết hạn", "Thời hạn")),
        Column("issuer", "Cơ quan công nhận", "Issuer", ("Cơ quan ban hành", "Cấp công nhận")),
        Column("withdrawn_on", "Ngày thu hồi", "Withdrawn on"),
        Column("withdrawn_because", "Lý do thu hồi", "Withdrawn because"),
        Column("confidence", "Độ tin cậy", "Confidence"),
        _SOURCE,
    ),
)
INDICATIONS = Kind(
    "indications",
    ("Chỉ dẫn địa lý", "Indications"),
    (
        Column("number", "Số đăng bạ", "Register number", ("Số đăng ký", "Number"), is_needed=True),
        Column("type", "Loại", "Type", ("Loại hình bảo hộ",)),
        Column("name", "Tên chỉ dẫn địa lý", "Indication", ("Tên", "Name", "Chỉ dẫn địa lý", "Tên gọi"), is_needed=True),
        Column("product", *_PRODUCT, is_needed=True),
        Column("registered_on", "Ngày đăng ký", "Registered on", ("Ngày cấp",)),
        Column("decision", "Quyết định", "Decision", ("Số quyết định",)),
        Column(
            "manager", "Cơ quan quản lý khi đăng ký", "Manager at registration", ("Manager at registration", "Tổ chức quản lý khi đăng ký")
        ),
        Column("manager_now", "Cơ quan quản lý hiện nay", "Manager now", ("Tổ chức quản lý hiện nay",)),
        Column("documents", "Văn bản", "Documents", ("Hồ sơ",)),
        Column("area", "Khu vực địa lý", "Area", ("Khu vực", "Vùng địa lý")),
        Column("confidence", "Độ tin cậy", "Confidence"),
        _SOURCE,
    ),
)
RIGHTS = Kind(
    "rights",
    ("Quyền sử dụng", "Rights of use"),
    (
        Column("number", "Số đăng bạ", "Register number", ("Số đăng ký", "Number"), is_needed=True),
        _OF_PRODUCT,
        Column("producer", *_PRODUCER, is_needed=True),
        Column("from_day", "Có hiệu lực từ", "From", ("Từ ngày", "Hiệu lực từ"), is_needed=True),
        Column("until_day", "Có hiệu lực đến", "Until", ("Đến ngày", "Hiệu lực đến")),
        Column("revoked_on", "Ngày thu hồi", "Withdrawn on"),
        Column("document", "Văn bản", "Document", ("Giấy chứng nhận", "Số văn bản")),
    ),
)
SHOPS = Kind(
    "shops",
    ("Sàn thương mại điện tử", "Shops"),
    (
        _OF_PRODUCT,
        Column("producer", *_PRODUCER),
        Column("floor", "Sàn", "Floor", ("Sàn thương mại điện tử", "Tên sàn", "Marketplace"), is_needed=True),
        Column("url", "Đường dẫn", "Address on line", ("Link", "Liên kết", "URL", "Địa chỉ trên sàn"), is_needed=True),
        Column("checked_on", "Ngày kiểm tra", "Checked on", ("Kiểm tra ngày",)),
        Column("alive", "Còn hoạt động", "Alive", ("Hoạt động",)),
        _SOURCE,
    ),
)
PLACES = Kind(
    "places",
    ("Địa danh cũ", "Old places"),
    (
        Column("old_place", "Tên cũ", "Old name", ("Địa danh cũ", "Xã cũ"), is_needed=True),
        Column("commune", "Xã, phường hiện nay", "Commune now", ("Xã phường", "Xã mới"), is_needed=True),
        Column("source", "Nguồn", "Source", is_needed=True),
    ),
)
COUNTS = Kind(
    "counts",
    ("Số liệu công bố", "Published counts"),
    (
        Column("as_of", "Tính đến", "As of", ("Thời điểm", "Năm"), is_needed=True),
        Column("province", "Tỉnh", "Province", is_needed=True),
        Column("total", "Tổng số sản phẩm", "Total", ("Tổng số", "Tổng"), is_needed=True),
        Column("stars3", "3 sao", "Three stars", ("Sản phẩm 3 sao",)),
        Column("stars4", "4 sao", "Four stars", ("Sản phẩm 4 sao",)),
        Column("stars5", "5 sao", "Five stars", ("Sản phẩm 5 sao",)),
        Column("scope", "Phạm vi", "Scope"),
        Column("newly", "Đánh giá mới", "New", ("Công nhận mới",)),
        Column("re_evaluated", "Đánh giá lại", "Re-evaluated"),
        Column("details", "Chi tiết", "Details"),
        Column("confidence", "Độ tin cậy", "Confidence"),
        Column("source", "Nguồn", "Source", is_needed=True),
    ),
)
# In the order in which they are looked at: what a row names may stand in an earlier sheet.
KINDS = (PLACES, PRODUCERS, PRODUCTS, RECOGNITIONS, INDICATIONS, RIGHTS, SHOPS, COUNTS)
BY_KEY = {kind.key: kind for kind in KINDS}
HEADING_ROWS = 15
"""Among how many of the first rows the headings are looked for: titles and two rows of headings may stand before."""


def headings_of(kind: Kind) -> dict[str, str]:
    """Column keys by folded heading."""
    return {fold_name(text): column.key for column in kind.columns for text in (column.vi, column.en, *column.others, column.key)}


@dataclass(frozen=True)
class Found:
    """The kind of a sheet, the number of its last row of headings, and column keys by place."""

    kind: Kind
    row_number: int
    columns: dict[int, str]


def find_headings(name: str, rows: Iterable[tuple[int, Mapping[int, str]]]) -> Found | None:
    """Finds the row of headings, or the two rows where one stands over the other. `rows` are the first ones, numbered.

    The kind is the one with the most columns found and none missing that it needs; of equal ones the one that the sheet's name says.
    """
    best: tuple[tuple[int, bool, int], Found] | None = None
    before: Mapping[int, str] = {}
    for number, cells in rows:
        for kind in KINDS:
            known = headings_of(kind)
            for upper in ({}, before):
                found = _columns(cells, upper, known)
                if not kind.needed <= set(found.values()):
                    continue
                is_named = fold_name(name) in {fold_name(text) for text in kind.names}
                rank = (len(found), is_named, -number)
                if best is None or rank > best[0]:
                    best = rank, Found(kind, number, found)
        before = cells
    return best[1] if best else None


def _columns(cells: Mapping[int, str], upper: Mapping[int, str], known: Mapping[str, str]) -> dict[int, str]:
    """Of several columns with one heading the first; a heading may also be what stands above it, or both together."""
    found: dict[int, str] = {}
    for place in sorted({*cells, *upper}):
        texts = (cells.get(place, ""), f"{upper.get(place, '')} {cells.get(place, '')}", upper.get(place, ""))
        key = next((known[folded] for text in texts if (folded := fold_name(text)) in known), None)
        if key is not None and key not in found.values():
            found[place] = key
    return found
