"""The operator's table of networks and rough places."""

import contextlib
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.domain.scan_places import COLUMNS, NO_PLACES, NOWHERE, PlaceTableError, read_places

HEAD = ",".join(COLUMNS)
TABLE = [
    HEAD,
    "203.0.113.0/24,15,Lào Cai,22.49,103.97",
    "203.0.113.128/25,1,Hà Nội,21.03,105.85",
    '"2001:db8:1::/48",15,Lào Cai,22.49,103.97',
    "",
    "198.51.100.7/32,1,Hà Nội,21.03,105.85",
]
NETWORKS = st.one_of(
    st.builds(
        lambda bits, length: ipaddress.ip_network((bits << 24 >> (32 - length) << (32 - length), length)),
        st.integers(0, 255),
        st.integers(0, 32),
    ),
    st.builds(
        lambda bits, length: ipaddress.ip_network((bits << 120 >> (128 - length) << (128 - length), length)),
        st.integers(0, 255),
        st.integers(0, 128),
    ),
)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.integers(0, 255).map(lambda bits: ipaddress.ip_address(bits << 24)))


def test_the_narrowest_network_tells_the_place():
    places = read_places(TABLE)
    told = {
        "203.0.113.5": 15,
        "203.0.113.129": 1,
        "::ffff:203.0.113.129": 1,
        "2001:db8:1:2::3": 15,
        "2001:db8:2::1": NOWHERE,
        "198.51.100.8": NOWHERE,
        "": NOWHERE,
        "x" * 500: NOWHERE,
        "fe80::1%eth0": NOWHERE,
    }
    assert {address: places.number_of(address) for address in told} == told
    assert places and places.name(15) == "Lào Cai" and places.name(99) == "#99" and places.names() == {15: "Lào Cai", 1: "Hà Nội"}


def test_places_are_as_far_from_each_other_as_on_a_map():
    places = read_places(TABLE)
    assert 245 < places.km(15, 1) < 265 and places.km(15, 15) == 0.0 and places.km(15, 99) == 0.0


def test_without_a_table_no_network_is_anywhere():
    assert not NO_PLACES and NO_PLACES.number_of("203.0.113.5") == NOWHERE


@given(st.dictionaries(NETWORKS, st.integers(1, 9), max_size=30), ADDRESSES)
def test_any_address_is_where_the_longest_prefix_says(networks, address):
    places = read_places([HEAD, *(f"{network},{number},P{number},{number},{number}" for network, number in networks.items())])
    holding = [network for network in networks if network.version == address.version and address in network]
    expected = networks[max(holding, key=lambda network: network.prefixlen)] if holding else NOWHERE
    if address.version == 4 or address.ipv4_mapped is None:
        assert places.number_of(str(address)) == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("203.0.113.1/24,15,Lào Cai,22,103", "line 7: 203.0.113.1/24 has host bits set"),
        ("somewhere,15,Lào Cai,22,103", "line 7: 'somewhere' does not appear"),
        ("192.0.2.0/24,0,X,22,103", "line 7: '0' is no number from 1 to 65535"),
        ("192.0.2.0/24,65536,X,22,103", "line 7: '65536' is no number"),
        ("192.0.2.0/24,²,X,22,103", "line 7: '²' is no number"),
        ("192.0.2.0/24,2,,22,103", "line 7: a name"),
        ("192.0.2.0/24,2," + "x" * 61 + ",22,103", "line 7: a name"),
        ("192.0.2.0/24,2,X,91,103", "line 7: 91, 103 is nowhere"),
        ("192.0.2.0/24,2,X,nan,103", "line 7: nan, 103 is nowhere"),
        ("192.0.2.0/24,2,X,north,103", "line 7: could not convert"),
        ("192.0.2.0/24,2,X,22", "line 7: 5 cells are needed"),
        ("203.0.113.0/24,15,Lào Cai,22.49,103.97", "line 7: 203.0.113.0/24 is there twice"),
        ("192.0.2.0/24,15,Hà Nội,21.03,105.85", "line 7: number 15 is Lào Cai already"),
        ("192.0.2.0/24,2," + "x" * 200_000, "field larger than field limit"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line, why):
    with pytest.raises(PlaceTableError, match="^" + why.replace("(", r"\(")):
        read_places([*TABLE, line])


@given(st.lists(st.text(max_size=80), max_size=6))
def test_other_texts_are_refused_and_nothing_else_happens(lines):
    with pytest.raises(PlaceTableError):
        read_places(lines)
    with contextlib.suppress(PlaceTableError):
        read_places([HEAD, *lines])
