"""The words of a report in Chinese or English, from one table; figures as officers write them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from ecozone import compiled, kinds, words
from ecozone.errors import InputError

if TYPE_CHECKING:
    from ecozone.rules.finding import Finding

LANGUAGES = ("zh", "en")
#: Square metres of one 亩, of one hectare.
MU_M2, HM2_M2 = 2000 / 3, 10_000.0
_POINTS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@functools.cache
def table() -> Mapping[str, Any]:
    """Return the message table as it stands in the file."""
    file = resources.files("ecozone.report") / "messages.yaml"
    raw = compiled.load([file], lambda texts: compiled.parse_yaml(next(iter(texts.values()))))
    return dict(raw)


@dataclass(frozen=True)
class Say:
    """Messages of one language.

    Parameters
    ----------
    language : str
        ``zh`` or ``en``.

    Raises
    ------
    InputError
        Another language.
    """

    language: str = "zh"

    def __post_init__(self) -> None:
        """Refuse a language that the table does not have."""
        if self.language not in LANGUAGES:
            raise InputError(f"语言“{self.language}”无法识别，应为 {'、'.join(LANGUAGES)} 之一。")

    def __call__(self, key: str, **values: Any) -> str:
        """Return a message with its places filled."""
        text = str(table()["messages"][key][LANGUAGES.index(self.language)])
        return text.format(**values) if values else text

    def word(self, term: str | None) -> str:
        """Return a term of a registry; one that the table does not have stays as it is."""
        if not term or self.language == "zh":
            return term or ""
        return str(table()["words"].get(term, term))

    def join(self, items: Iterable[str], *, by: str = "sep") -> str:
        """Return a list of words in one line."""
        return self(by).join(items)

    # ---- names

    def kind(self, kind: str) -> str:
        """Return the name of a kind of layer."""
        known = kinds.registry()
        return known[kind].name_en if self.language == "en" and kind in known else kinds.name(kind)

    def part(self, name: str) -> str:
        """Return what a part of a project is called: a facility kind, numbered from the second on."""
        kind, _, number = name.partition("#")
        return self("site") if kind == "site" else self.facility(kind) + number

    def facility(self, kind: str) -> str:
        """Return the name of a facility kind."""
        known = words.facilities()
        return kind.replace("_", " ") if self.language == "en" or kind not in known else known[kind].name

    def fact(self, key: str, value: Any) -> str:
        """Return a fact with its value."""
        known = words.fact(key)
        name = known.name if self.language == "zh" else key.replace("_", " ")
        return self.pair(name, self.value(value) if isinstance(value, bool) else known.label(value))

    def value(self, value: Any, unit: str | None = None) -> str:
        """Return a value of a parameter: a truth as a word, a figure with its unit."""
        if isinstance(value, bool):
            return self("is_true" if value else "is_false")
        if value is None:
            return self("unset")
        said = {"m": "米"}.get(unit or "", unit) if self.language == "zh" else unit
        return f"{value} {said}" if said else str(value)

    def aside(self, text: str) -> str:
        """Return a text in parentheses, to stand behind another."""
        return self("aside", v=text)

    def pair(self, label: str, text: str = "") -> str:
        """Return a label with what it says."""
        return self("pair", label=label, v=text).rstrip()

    def cited(self, finding: Finding) -> str:
        """Return where a provision stands, with the marks that weaken it."""
        return (finding.cited or self("cited_list")) + "".join(self("mark", mark=self.word(m)) for m in finding.marks)

    def notice(self, text: str | None) -> str:
        """Return a mark of an atlas, each of its clauses."""
        return self("semicolon").join(self.word(clause) for clause in (text or "").split("；"))

    # ---- figures, rounded for display only

    def metres(self, value: float) -> str:
        """Return a length."""
        return self("m", v=f"{value:,.1f}")

    def area(self, value: float) -> str:
        """Return an area."""
        return self("m2", v=f"{value:,.2f}")

    def area_all(self, value: float) -> str:
        """Return an area in square metres, hectares and mu."""
        return self("area_all", m2=f"{value:,.2f}", hm2=f"{value / HM2_M2:,.4f}", mu=f"{value / MU_M2:,.2f}")

    def bearing(self, degrees: float | None) -> str:
        """Return a bearing as one of eight points."""
        return "" if degrees is None else self.word(_POINTS[round(degrees / 45) % 8])

    def amount(self, entry: Mapping[str, Any]) -> str:
        """Return how much of a site lies in a zone, or how far away the zone is."""
        share = self("share", v=f"{entry['share']:.2%}") if entry.get("share") is not None else ""
        if entry.get("overlap_m2") is not None:
            return self.area(entry["overlap_m2"]) + share
        if entry.get("overlap_m") is not None:
            return self.metres(entry["overlap_m"]) + share
        if entry.get("distance_m"):
            where = self.bearing(entry.get("bearing"))
            where = f" {where}" if self.language == "en" and where else where
            return self("away", m=f"{entry['distance_m']:,.1f}", bearing=where)
        return self("inside") if entry.get("distance_m") == 0 else self("amount_none")

    def dms(self, lon: float, lat: float) -> str:
        """Return a place as the report form writes it: ``106度54分8.122秒，31度51分30.053秒``."""
        return self("dms", lon=self._sexagesimal(lon, "E"), lat=self._sexagesimal(lat, "N"))

    def _sexagesimal(self, degrees: float, letter: str) -> str:
        minutes, thousandths = divmod(round(abs(degrees) * 3_600_000), 60_000)
        whole, minutes = divmod(minutes, 60)
        seconds = f"{thousandths / 1000:.3f}"
        return f"{whole}度{minutes}分{seconds}秒" if self.language == "zh" else f"{whole}°{minutes}′{seconds}″{letter}"
