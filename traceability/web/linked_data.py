"""The page's twin for machines: JSON-LD with schema.org and the GS1 Web Vocabulary."""

import json
from datetime import date

from traceability.operations.origin_page import OriginPage, Words

_CONTEXT = {"@vocab": "https://schema.org/", "gs1": "https://ref.gs1.org/voc/", "xsd": "http://www.w3.org/2001/XMLSchema#"}
_DAYS = {
    "harvested_on": "gs1:harvestDate",
    "made_on": "productionDate",
    "packed_on": "gs1:packagingDate",
    "best_before": "gs1:bestBeforeDate",
}


def describe(page: OriginPage, address: str) -> dict[str, object]:
    """The product of one batch. The verdict stands as an additional property, never as a rating of the goods."""
    product: dict[str, object] = {
        "@context": _CONTEXT,
        "@type": ["Product", "gs1:Product"] if page.kind == "goods" else "Service",
        "@id": address,
        "name": _text(page.product_name),
        "category": f"OCOP {page.ocop_group}",
        "additionalProperty": _properties(page),
    }
    if page.description:
        product["description"] = _text(page.description)
    if page.gtin:
        product |= {"gtin14": page.gtin, "gs1:gtin": page.gtin}
    if page.lot:
        product["gs1:hasBatchLotNumber"] = page.lot
    for name, term in _DAYS.items():
        day = page.days[name]
        if isinstance(day, date):
            product[term] = {"@type": "xsd:date", "@value": day.isoformat()}
    maker = page.producer
    place = {"@type": "Place", "address": {"@type": "PostalAddress", "addressLocality": maker.commune, "addressRegion": maker.province}}
    product["manufacturer"] = {
        "@type": "Organization",
        **({"name": _text(maker.name)} if maker.name else {}),
        "location": place,
    }
    product["countryOfOrigin"] = {"@type": "Country", "name": "VN"}
    certifications = _certifications(page)
    if certifications:
        product["hasCertification"] = certifications
    if page.recalls:
        product["additionalProperty"] = [*_properties(page), *(_property("recallAdvice", recall.advice.text) for recall in page.recalls)]
    if page.illustrative:
        product["disambiguatingDescription"] = "Sample: this producer, product and batch do not exist."
    return product


def embed(description: dict[str, object]) -> str:
    """The description as it may stand in a page: no text of it can end the script element."""
    text = json.dumps(description, ensure_ascii=False, separators=(",", ":"))
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _certifications(page: OriginPage) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    rating = page.stars_now
    if rating:
        found.append(
            {
                "@type": "Certification",
                "name": f"OCOP {rating.stars}",
                "certificationIdentification": rating.decision,
                "validFrom": rating.decided_on,
                "expires": rating.valid_until.isoformat() if rating.valid_until else None,
            }
        )
    if page.indication and page.indication.held_at_packing and page.indication.holds_now:
        found.append(
            {
                "@type": "Certification",
                "name": page.indication.name,
                "certificationIdentification": page.indication.number,
                "about": "geographical indication",
            }
        )
    return found


def _properties(page: OriginPage) -> list[dict[str, str]]:
    return [_property("stampVerdict", page.verdict), _property("stampCode", page.readable_code)]


def _property(name: str, value: str) -> dict[str, str]:
    return {"@type": "PropertyValue", "name": name, "value": value}


def _text(words: Words) -> dict[str, str]:
    return {"@language": words.language, "@value": words.text}
