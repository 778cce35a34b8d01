"""Forms into requests: what an officer filled in, and what was supplied later."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ecozone import words
from ecozone.errors import FactError, InputError, SiteError
from ecozone.web.request import CheckRequest, WhereRequest

Request = TypeVar("Request", bound=BaseModel)
#: Square metres of the units that an area may be given in.
AREAS = {"亩": 2000 / 3, "公顷": 1e4, "平方米": 1.0, "平方公里": 1e6}
#: Rows that the form has for facts and for facilities elsewhere.
FACT_ROWS, PART_ROWS = 4, 3
_CRS = re.compile(r"^(?:EPSG:)?\s*(\d{4,6})$", re.IGNORECASE)
#: What the numbers of a file may be besides a system with a code: web maps' shifted degrees, packed degrees.
_OTHER = {"GCJ02": "GCJ02", "BD09": "BD09", "DDD.MMSS": "DDD.MMSS"}


class Fields:
    """The fields of a form: the last text of a name, or all of them."""

    def __init__(self, items: list[tuple[str, str]]) -> None:
        self._items = items

    def __call__(self, name: str) -> str:
        """Return the last value, empty when there is none."""
        return next((v.strip() for k, v in reversed(self._items) if k == name), "")

    def all(self, name: str) -> list[str]:
        """Return all values that are not empty."""
        return [v.strip() for k, v in self._items if k == name and v.strip()]

    def starting(self, prefix: str) -> list[tuple[str, str]]:
        """Return the fields of a family without their prefix, those left empty left out."""
        return [(k.removeprefix(prefix), v.strip()) for k, v in self._items if k.startswith(prefix) and v.strip()]


def described(fields: Fields) -> dict[str, Any]:
    """Return the request of a filled form, its site still empty.

    Raises
    ------
    InputError
        A field cannot be meant.
    """
    parts = []
    for i in range(PART_ROWS):
        kind, site = fields(f"part_kind_{i}"), fields(f"part_site_{i}")
        if kind and site:
            parts.append({"facility": kind, "site": site})
        elif kind or site:
            raise SiteError("“别处的设施”里有一行没有填完整，请选好设施并填上位置。")
    return {
        "name": fields("name"),
        "nature": fields("nature") or None,
        "industry": industries(fields("industry")),
        "facilities": _facilities(fields),
        "has": fields.all("has"),
        "parts": parts,
        "facts": _facts(fields),
        "crs": crs(fields("crs")),
        "extent_m": metres("用地范围", fields("extent_m")),
        "site_accuracy_m": metres("坐标精度", fields("site_accuracy_m")),
        "permanent": not fields("temporary"),
        "subject": fields("subject") or "project",
        "stage": fields("stage") or None,
        "as_of": fields("as_of") or None,
        "answers": [],
    }


def searched(fields: Fields) -> dict[str, Any]:
    """Return the request of a filled form that looks for ground.

    Raises
    ------
    InputError
        A field cannot be meant.
    """
    area, unit = fields("min_area"), fields("min_area_unit") or "亩"
    if unit not in AREAS:
        raise InputError("“最小面积”的单位有误，请在亩、公顷、平方米、平方公里中选一个。")
    try:
        square = float(area.replace(",", "").replace("，", "")) * AREAS[unit] if area else 0.0
    except ValueError:
        raise InputError(f"“最小面积”“{area[:20]}”不是数字，请改正。") from None
    asked = {
        "nature": fields("nature") or None,
        "industry": industries(fields("industry")),
        "facilities": _facilities(fields),
        "has": fields.all("has"),
        "facts": _facts(fields),
        "within": fields("within") or None,
        "min_area_m2": square,
        "extent_m": metres("用地范围", fields("extent_m")) or 0.0,
        "stage": fields("stage") or None,
        "as_of": fields("as_of") or None,
    }
    return formed(asked, WhereRequest).model_dump()


def _facilities(fields: Fields) -> list[str] | None:
    return fields.all("facility") + ["none"] * bool(fields("facilities_closed")) or None


def _facts(fields: Fields) -> dict[str, str]:
    facts = {}
    for i in range(FACT_ROWS):
        key, value = fields(f"fact_key_{i}"), fields(f"fact_value_{i}")
        if key and value:
            facts[key] = value
        elif key or value:
            raise FactError("“已知的事实”里有一行没有填完整，请选好事实并填上内容。")
    return facts


def drawn(text: str) -> dict[str, Any]:
    """Return the GeoJSON that was drawn.

    Raises
    ------
    SiteError
        Nothing was drawn.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise SiteError("还没有在图上画出用地，请用“画面”“画线”或“点位”画出，再核对。")
    return value


def supplied(request: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """Return a request with what was missing supplied.

    Raises
    ------
    InputError
        A field cannot be meant.
    """
    out = dict(request)
    out["facts"] = {**request["facts"], **dict(fields.starting("fact."))}
    if fields("nature"):
        out["nature"] = fields("nature")
    if fields("industry"):
        out["industry"] = industries(fields("industry"))
    if fields("extent_m"):
        out["extent_m"] = metres("用地范围", fields("extent_m"))
    if fields("stage"):
        out["stage"] = fields("stage")
    kinds = [*(request["facilities"] or []), *fields.all("facility")]
    if fields("facilities_closed"):
        kinds.append("none")
    out["facilities"] = list(dict.fromkeys(kinds)) or None
    out["has"] = list(dict.fromkeys([*request["has"], *fields.all("has")]))
    out["parts"] = [*request["parts"], *({"facility": k, "site": v} for k, v in fields.starting("part."))]
    out["answers"] = _answers(request["answers"], fields)
    return valid(out)


def _answers(before: list[Mapping[str, Any]], fields: Fields) -> list[dict[str, Any]]:
    rows = {(a["unit"], a["row"]): dict(a) for a in before}
    by, on = fields("answer_by"), fields("answer_on") or None
    for key, conformity in fields.starting("answer."):
        unit, _, row = key.partition("/")
        said = {n: fields(f"answer_{n}.{key}") for n in ("situation", "basis")}
        given = {"unit": unit, "row": row, "conformity": conformity, **said}
        kept = rows.get((unit, row))
        if kept and all(kept[k] == v for k, v in given.items()):
            continue
        if not by:
            raise InputError("填写准入清单的核对意见时，请在“经办人”一栏写上姓名。")
        rows[(unit, row)] = {**given, "by": by, "on": on}
    return list(rows.values())


def industries(text: str) -> list[str]:
    """Return the codes of a field: ``C2614 有机化学原料制造；C1353``."""
    return [words.normalise(t.strip()) for t in re.split(r"[;；\n]", text) if t.strip()]


def crs(text: str) -> str | None:
    """Return a CRS as ``EPSG:4544``, or ``GCJ02``, ``BD09``, ``DDD.MMSS``; nothing else is taken.

    Raises
    ------
    InputError
        Anything else.
    """
    if not text:
        return None
    other = _OTHER.get(text.upper().replace("-", ""))
    if other:
        return other
    found = _CRS.match(text)
    if not found:
        raise InputError(f"坐标系“{text[:40]}”写法有误，请填 EPSG 代码，例如 EPSG:4544；高德、百度坐标填 GCJ02、BD09。")
    return f"EPSG:{found[1]}"


def coded(crs: str | None) -> str | None:
    """Return the CRS of typed coordinates.

    Raises
    ------
    InputError
        It is one that only a file can be read in.
    """
    if crs in _OTHER.values():
        raise InputError(f"坐标系 {crs} 只用于上传的文件，请把坐标存成 TXT 或 CSV 文件后上传。")
    return crs


def metres(label: str, text: str) -> float | None:
    """Return a field's metres.

    Raises
    ------
    InputError
        Not a number of metres.
    """
    from ecozone.words.values import read_metres as read

    return read(f"“{label}”", text) if text else None


def valid(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request for a check in the form the API takes.

    Raises
    ------
    InputError
        A field is too long or of the wrong form.
    """
    return formed(asked, CheckRequest).model_dump()


def formed(asked: Mapping[str, Any], kind: type[Request]) -> Request:
    """Return a request in the form the API takes.

    Raises
    ------
    InputError
        A field is too long or of the wrong form.
    """
    try:
        return kind(**asked)
    except ValidationError as error:
        raise InputError(complaint(error.errors())) from None


def complaint(errors: Any) -> str:
    """Return one sentence on what pydantic found."""
    named = []
    for e in list(errors)[:3]:
        place = ".".join(str(p) for p in e.get("loc", ()) if p != "body") or "内容"
        reason = {
            "missing": "缺少", "extra_forbidden": "不认识这一项", "string_too_long": "太长",
            "string_pattern_mismatch": "写法不对", "json_invalid": "不是正确的 JSON", "too_long": "太多",
        }.get(str(e.get("type")), "取值不对")  # fmt: skip
        named.append(f"{place[:80]}：{reason}")
    return f"提交的内容有误（{'；'.join(named)}），请改正后再试。"
