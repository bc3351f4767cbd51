"""Where a network is, by a table that the operator provides: rough places of scans, for the rules and for those who look into alerts.

Without a table nothing is looked up, and no scan has a place.
"""

import csv
import ipaddress
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

COLUMNS = ("network", "number", "name", "latitude", "longitude")
MOST_PLACES = 65_535
LONGEST_NAME = 60
MOST_NETWORKS = 1_000_000
NOWHERE = 0
_EARTH_KM = 6_371.0
# Pairs of places.
_KEPT = 65_536
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class PlaceTableError(ValueError):
    """A line of the table that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Place:
    """A place and its middle, in degrees."""

    name: str
    latitude: float
    longitude: float


class ScanPlaces:
    """Networks and their places. A network within another one goes before it."""

    def __init__(self, networks: Mapping[_Network, int], places: Mapping[int, Place]) -> None:
        self._places = dict(places)
        lengths: dict[int, set[int]] = {4: set(), 6: set()}
        self._numbers: dict[tuple[int, int, int], int] = {}
        for network, number in networks.items():
            lengths[network.version].add(network.prefixlen)
            self._numbers[network.version, network.prefixlen, int(network.network_address)] = number
        self._lengths = {version: sorted(found, reverse=True) for version, found in lengths.items()}
        self.km = lru_cache(_KEPT)(self._distance)

    def __bool__(self) -> bool:
        """Whether there is a table at all."""
        return bool(self._places)

    def name(self, number: int) -> str:
        """What a place is called; its number where the table no longer knows it."""
        place = self._places.get(number)
        return place.name if place else f"#{number}"

    def names(self) -> dict[int, str]:
        """All of them."""
        return {number: place.name for number, place in self._places.items()}

    def number_of(self, address: str) -> int:
        """The number of an address's place, or NOWHERE. Looked up anew each time: no address is kept, not even in memory."""
        try:
            asked = ipaddress.ip_address(address)
        except ValueError:
            return NOWHERE
        if isinstance(asked, ipaddress.IPv6Address) and asked.ipv4_mapped:
            asked = asked.ipv4_mapped
        whole, bits = int(asked), asked.max_prefixlen
        for length in self._lengths[asked.version]:
            number = self._numbers.get((asked.version, length, whole >> (bits - length) << (bits - length)))
            if number is not None:
                return number
        return NOWHERE

    def _distance(self, one: int, other: int) -> float:
        """How far two places are from each other in km, along the earth; nothing where one of them is not known."""
        here, there = self._places.get(one), self._places.get(other)
        if here is None or there is None:
            return 0.0
        north, south = math.radians(here.latitude), math.radians(there.latitude)
        across = math.radians(there.longitude - here.longitude)
        chord = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(across / 2) ** 2
        return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


NO_PLACES = ScanPlaces({}, {})


def read_places(lines: Iterable[str]) -> ScanPlaces:
    """A table as CSV with a heading of COLUMNS: a network (CIDR), and of its place a number, a name and its middle in degrees.

    Numbers stand in the database: one must not come to mean another place. Raises PlaceTableError.
    """
    rows = _rows(lines)
    if tuple(cell.strip().lower() for cell in next(rows, (1, []))[1]) != COLUMNS:
        raise PlaceTableError(f"the first line must be {','.join(COLUMNS)}")
    networks: dict[_Network, int] = {}
    places: dict[int, Place] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(networks) == MOST_NETWORKS:
            raise PlaceTableError(f"there are more than {MOST_NETWORKS} networks")
        try:
            network, number, place = _read_row([cell.strip() for cell in row])
        except ValueError as error:
            raise PlaceTableError(f"line {line}: {error}") from None
        if network in networks:
            raise PlaceTableError(f"line {line}: {network} is there twice")
        if places.setdefault(number, place) != place:
            raise PlaceTableError(f"line {line}: number {number} is {places[number].name} already")
        networks[network] = number
    return ScanPlaces(networks, places)


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each with the number of its last line."""
    rows = csv.reader(lines)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as error:
        raise PlaceTableError(str(error)) from None


def _read_row(row: list[str]) -> tuple[_Network, int, Place]:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(COLUMNS)} cells are needed, and there are {len(row)}")
    network = ipaddress.ip_network(row[0])
    if not (row[1].isascii() and row[1].isdigit() and 0 < int(row[1]) <= MOST_PLACES):
        raise ValueError(f"{row[1]!r} is no number from 1 to {MOST_PLACES}")
    if not row[2] or len(row[2]) > LONGEST_NAME or not row[2].isprintable():
        raise ValueError(f"a name of at most {LONGEST_NAME} characters is needed")
    latitude, longitude = float(row[3]), float(row[4])
    # Written so that what is not a number is refused too.
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{row[3]}, {row[4]} is nowhere on earth")
    return network, int(row[1]), Place(row[2], latitude, longitude)
