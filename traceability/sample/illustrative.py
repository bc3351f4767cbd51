"""The illustrative producers, products and batches. None of them exists; every page of theirs says so.

Days count backwards from the day of loading; negative ones lie ahead.
"""

from dataclasses import dataclass
from datetime import date

from traceability.operations.register_producer import NewProducer, NewProduct
from traceability.operations.withdraw import RecallNotice

DECISION = "Quyết định minh họa"
USE_RIGHT = "Giấy cho phép minh họa"
_GTIN_STATEMENT = "Mã số minh họa trong dải 952 của GS1, chỉ dùng làm ví dụ."


@dataclass(frozen=True)
class SampleProduct:
    """A product with its rating (`stars`, 0 for none) and indication (register number, 0 for none)."""

    producer: str
    motif: str
    product: NewProduct
    stars: int = 0
    rated_days_ago: int = 0
    indication: int = 0


@dataclass(frozen=True)
class Step:
    """One stage."""

    kind: str
    days_ago: int
    place: str | None = None
    note: str | None = None
    note_en: str | None = None
    note_zh: str | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class SampleBatch:
    """A batch and what it is issued as."""

    product: str
    form: str
    lot: str | None = None
    units: int | None = None
    harvested: int | None = None
    made: int | None = None
    packed: int | None = None
    best_before: int | None = None
    quantity: int | None = None
    package: str | None = None
    place: str | None = None
    standards: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    area_m2: int | None = None
    steps: tuple[Step, ...] = ()
    report: tuple[str, str, str, str, int] | None = None
    inputs: tuple[tuple[str, str, int, str], ...] = ()
    deliveries: tuple[tuple[str, int], ...] = ()
    revoked: tuple[int, int] | None = None
    recall: RecallNotice | None = None


PRODUCERS = {
    "cooperative": NewProducer(
        kind="cooperative",
        name="Hợp tác xã mẫu Bát Xát",
        name_en="Bát Xát Sample Cooperative",
        name_zh="巴刹示例合作社",
        province_code="15",
        commune_code="02683",
        historic_place="huyện Bát Xát, tỉnh Lào Cai (trước 01/07/2025)",
        phone="0214 000 0000",
        shop_url="https://shop.example.com/htx-mau",
        marketplace="Sàn mẫu",
        has_digital_storefront=True,
        has_e_payment=True,
        consent_on=date(2026, 1, 5),
        illustrative=True,
    ),
    "company": NewProducer(
        kind="company",
        name="Công ty TNHH mẫu Sa Pa",
        name_en="Sa Pa Sample Company",
        name_zh="沙坝示例公司",
        province_code="15",
        commune_code="03006",
        has_e_payment=True,
        illustrative=True,
    ),
    "household": NewProducer(kind="household", name="Hộ kinh doanh mẫu", province_code="15", commune_code="03013", illustrative=True),
    "group": NewProducer(
        kind="cooperative_group",
        name="Tổ hợp tác mẫu Bắc Hà",
        name_en="Bắc Hà Sample Co-operative Group",
        name_zh="北河示例合作组",
        province_code="15",
        commune_code="02839",
        consent_on=date(2026, 1, 5),
        illustrative=True,
    ),
}

PRODUCTS = {
    "rice": SampleProduct(
        "cooperative",
        "rice",
        NewProduct(
            name="Gạo Séng Cù mẫu",
            name_en="Sample Séng Cù rice",
            name_zh="示例 Séng Cù 大米",
            description="Gạo ruộng bậc thang, xát trắng, đóng túi tại hợp tác xã.",
            description_en="Rice from terraced fields, milled white and bagged at the cooperative.",
            description_zh="梯田大米，精白，在合作社装袋。",
            ocop_group=1,
            gtin="9521234500018",
            gtin_statement=_GTIN_STATEMENT,
            net_content=5,
            net_content_unit="kg",
            standards=["VietGAP"],
            illustrative=True,
        ),
        stars=4,
        rated_days_ago=200,
        indication=98,
    ),
    "tea": SampleProduct(
        "group",
        "tea",
        NewProduct(
            name="Chè Shan tuyết mẫu",
            name_en="Sample Shan Tuyet tea",
            name_zh="示例珊雪茶",
            description="Chè búp sao tay, không ướp hương.",
            description_en="Hand-roasted buds, nothing added.",
            description_zh="手工炒制的嫩芽，无添加。",
            ocop_group=2,
            net_content=100,
            net_content_unit="g",
            illustrative=True,
        ),
        stars=3,
        rated_days_ago=1120,
    ),
    "sausage": SampleProduct(
        "cooperative",
        "meat",
        NewProduct(
            name="Lạp sườn mẫu",
            name_en="Sample dried sausage",
            name_zh="示例腊肠",
            description="Lạp sườn hun khói bếp, hút chân không.",
            description_en="Kitchen-smoked sausage, vacuum-packed.",
            description_zh="灶火熏制腊肠，真空包装。",
            ocop_group=1,
            net_content=500,
            net_content_unit="g",
            illustrative=True,
        ),
    ),
    "honey": SampleProduct(
        "cooperative",
        "honey",
        NewProduct(
            name="Mật ong hoa bạc hà mẫu",
            name_en="Sample mint-flower honey",
            name_zh="示例薄荷花蜂蜜",
            description="Mật ong nguyên chất, mỗi hũ một mã riêng.",
            description_en="Pure honey; every jar has a code of its own.",
            description_zh="纯蜂蜜，每罐一码。",
            ocop_group=1,
            gtin="9521234500025",
            gtin_statement=_GTIN_STATEMENT,
            net_content=350,
            net_content_unit="g",
            illustrative=True,
        ),
        stars=3,
        rated_days_ago=90,
    ),
    "herb": SampleProduct(
        "company",
        "herb",
        NewProduct(
            name="Cao atiso mẫu",
            name_en="Sample artichoke extract",
            name_zh="示例洋蓟膏",
            description="Cao mềm từ lá atiso tươi.",
            description_en="Soft extract of fresh artichoke leaves.",
            description_zh="鲜洋蓟叶软膏。",
            ocop_group=3,
            net_content=100,
            net_content_unit="g",
            illustrative=True,
        ),
        stars=4,
        rated_days_ago=400,
    ),
    "cloth": SampleProduct(
        "household",
        "cloth",
        NewProduct(
            name="Khăn thổ cẩm mẫu",
            name_en="Sample brocade scarf",
            name_zh="示例织锦围巾",
            description="Khăn dệt tay, nhuộm chàm.",
            description_en="Hand-woven scarf, dyed with indigo.",
            description_zh="手织围巾，靛蓝染色。",
            ocop_group=4,
            net_content=1,
            net_content_unit="piece",
            illustrative=True,
        ),
    ),
    "garden": SampleProduct(
        "group",
        "garden",
        NewProduct(
            name="Vườn mận du lịch mẫu",
            name_en="Sample plum garden visit",
            name_zh="示例李园旅游",
            description="Thăm vườn mận, ăn cơm cùng gia đình, nghỉ lại nhà sàn.",
            description_en="A walk in the plum garden, a family meal, a night in a stilt house.",
            description_zh="游李园，品家常饭，宿吊脚楼。",
            ocop_group=6,
            illustrative=True,
        ),
        stars=3,
        rated_days_ago=300,
    ),
}

_RICE_STEPS = (
    Step("sowing", 150, "Cánh đồng mẫu, xã Bát Xát", "Cấy tay, ruộng bậc thang", "Planted by hand on terraces", "梯田手工插秧"),
    Step("harvest", 40, "Cánh đồng mẫu, xã Bát Xát", "18,5 tấn thóc", "18.5 tonnes of paddy", "稻谷 18.5 吨", confirmed=True),
    Step("testing", 28, "Phòng kiểm nghiệm mẫu", "Đạt", "Passed", "合格"),
    Step("packing", 20, "Xưởng hợp tác xã mẫu", "Hút chân không, túi 5 kg", "Vacuum-packed in 5 kg bags", "真空包装，每袋 5 公斤"),
)
BATCHES = (
    SampleBatch(
        product="rice",
        form="gs1",
        lot="SC-{year}-03",
        harvested=40,
        made=20,
        packed=20,
        best_before=-345,
        quantity=2400,
        package="bag",
        place="xã Bát Xát, tỉnh Lào Cai",
        standards=("TCVN 11888:2017",),
        areas=("Cánh đồng mẫu",),
        area_m2=120_000,
        steps=_RICE_STEPS,
        report=("Phiếu kết quả kiểm nghiệm", "KN-MẪU-1182", "Phòng kiểm nghiệm mẫu", "Đạt", 28),
        inputs=(("Thóc Séng Cù", "Các hộ thành viên (mẫu)", 18_500, "kg"),),
        deliveries=(("Cửa hàng mẫu, phường Lào Cai", 600),),
    ),
    SampleBatch(
        product="tea",
        form="house",
        lot="SHAN-01",
        harvested=112,
        made=110,
        packed=105,
        best_before=-620,
        quantity=800,
        package="box",
        place="xã Bắc Hà, tỉnh Lào Cai",
        steps=(
            Step("harvest", 112, "Đồi chè mẫu", "Hái tay một tôm hai lá", "Hand-picked, one bud and two leaves", "手采一芽二叶"),
            Step("drying", 110, "Xưởng tổ hợp tác mẫu", "Sao chảo gang", "Roasted in an iron pan", "铁锅炒制"),
            Step("packing", 105, "Xưởng tổ hợp tác mẫu"),
        ),
    ),
    SampleBatch(
        product="sausage",
        form="house",
        lot="LS-07",
        made=12,
        packed=12,
        best_before=-48,
        quantity=300,
        package="bag",
        place="xã Bát Xát, tỉnh Lào Cai",
        steps=(Step("making", 12, "Xưởng hợp tác xã mẫu"), Step("packing", 12, "Xưởng hợp tác xã mẫu")),
        recall=RecallNotice(
            advice="Không ăn. Mang túi hàng đến nơi bán để được hoàn tiền.",
            contact="Hợp tác xã mẫu, 0214 000 0000",
            reason="Túi hút chân không bị hở (thu hồi minh họa).",
            advice_en="Do not eat it. Take the bag back to the shop for a refund.",
            advice_zh="请勿食用。请将包装带回购买处退款。",
            reason_en="Some vacuum bags leak (illustrative recall).",
            reason_zh="部分真空袋漏气（示例召回）。",
        ),
    ),
    SampleBatch(
        product="honey",
        form="gs1",
        lot="MO-11",
        units=500,
        harvested=30,
        made=25,
        packed=25,
        best_before=-700,
        quantity=500,
        package="jar",
        place="xã Bát Xát, tỉnh Lào Cai",
        steps=(Step("harvest", 30, "Trại ong mẫu"), Step("packing", 25, "Xưởng hợp tác xã mẫu")),
        revoked=(491, 500),
    ),
    SampleBatch(
        product="herb",
        form="signed",
        lot="AT-05",
        harvested=50,
        made=45,
        packed=44,
        best_before=-680,
        quantity=1200,
        package="jar",
        place="phường Sa Pa, tỉnh Lào Cai",
        standards=("GACP-WHO",),
        steps=(Step("harvest", 50, "Vườn atiso mẫu"), Step("processing", 45, "Xưởng mẫu"), Step("packing", 44, "Xưởng mẫu")),
    ),
    SampleBatch(
        product="cloth",
        form="house",
        lot="TC-02",
        units=60,
        made=15,
        packed=14,
        quantity=600,
        package="piece",
        place="xã Tả Phìn, tỉnh Lào Cai",
        steps=(Step("making", 15, "xã Tả Phìn", "Dệt khung gỗ", "Woven on a wooden loom", "木织机织造"),),
    ),
    SampleBatch(
        product="garden",
        form="house",
        place="xã Bắc Hà, tỉnh Lào Cai",
        steps=(Step("opening", 300, "xã Bắc Hà", "Đón khách lần đầu", "First guests", "首次接待"),),
    ),
    SampleBatch(
        product="tea",
        form="house",
        lot="SHAN-00",
        made=800,
        packed=800,
        best_before=70,
        quantity=200,
        package="box",
        place="xã Bắc Hà, tỉnh Lào Cai",
        steps=(Step("packing", 800, "Xưởng tổ hợp tác mẫu"),),
    ),
)
