"""What one condition on a place says of one part: the zones, the values read, the sentences, what would close it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecozone import kinds
from ecozone.relation import Measured, ZoneRow
from ecozone.rules import describe
from ecozone.rules import place as places
from ecozone.rules.facts import FactTable

#: Zones named per rule; the rest is counted.
MOST_ZONES = 20


class Spot:
    """What one leaf of a place says of one part."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.because: list[str] = []
        self.missing: list[str] = []
        self.where: list[dict[str, Any]] = []
        self.reads: dict[str, Any] = {}
        self.threshold: dict[str, Any] = {}
        self.line: str | None = None

    @classmethod
    def of(
        cls,
        leaf: Mapping[str, Any],
        measured: Measured,
        piece: int,
        value: int,
        why: int,
        table: FactTable,
        part: int,
        lacking_m: float,
    ) -> Spot:
        """Write what a leaf says; nothing farther off than the leaf itself looks is read (`places.look_m`)."""
        spot = cls(value)
        kind = kinds.name(leaf["kind"])
        zones = f"{kind}{describe.filter_text(leaf)}"
        if piece == -2:
            spot.because.append(f"该设施的位置未提供，无法与{zones}比对")
            spot.missing.append(f"part:{'/'.join(table.kinds[part])}")
            return spot
        if measured.layer is None:
            spot.because.append(f"图集中没有当日有效的“{kind}”图层，无法判断")
            spot.missing.append(f"layer:{leaf['kind']}")
            return spot
        look = places.look_m(leaf, measured, piece, table, part, lacking_m)
        distance, least = float(measured.distance_m[piece]), float(measured.distance_low_m[piece])
        half_width = distance - least if least <= look else 0.0  # a river drawn as a centreline reaches nearer
        distance = distance if distance <= look + half_width else np.inf
        rows = [r for r in measured.rows(piece) if r.distance_m <= look + half_width]
        limit = places.limits(leaf, table)
        low, high = float(limit.low[part]), float(limit.high[part])
        a = float(measured.accuracy_m[piece])
        spot._numbers(leaf, measured, piece, (low, high), distance, look)
        spot.where = [_zone(r, leaf["kind"], measured, a) for r in rows[:MOST_ZONES]]
        if len(rows) > MOST_ZONES:
            spot.because.append(f"涉及{zones}共 {len(rows)} 处，仅列最近的 {MOST_ZONES} 处")
        spot.line = next((str(r.attributes["line"]) for r in rows if r.attributes.get("line")), measured.layer.line)
        spot._sentence(leaf, a, rows, zones, (low, high), value, distance, look)
        spot._open(leaf, measured, piece, why, (low, high), kind)
        return spot

    def _numbers(
        self,
        leaf: Mapping[str, Any],
        measured: Measured,
        piece: int,
        limit: tuple[float, float],
        distance: float,
        look: float,
    ) -> None:
        low, high = limit
        self.threshold["accuracy_m"] = float(measured.accuracy_m[piece])
        if leaf["relation"] == "within_distance":
            self.threshold["distance_m"] = low if low == high else [low, high if np.isfinite(high) else None]
            spec = leaf["distance"]
            if spec.get("parameter"):
                self.threshold["parameter"] = spec["parameter"]
        for key in ("share", "area_m2"):
            if key in leaf:
                self.threshold[key] = dict(leaf[key])
        self.reads[f"{leaf['kind']}.distance_m"] = distance if np.isfinite(distance) else None
        if not np.isfinite(distance):
            self.reads[f"{leaf['kind']}.beyond_m"] = look
        if leaf["relation"] != "within_distance" and measured.overlap[piece] > 0:
            self.reads[f"{leaf['kind']}.overlap"] = float(measured.overlap[piece])
            self.reads[f"{leaf['kind']}.share"] = float(measured.share[piece])

    def _sentence(
        self,
        leaf: Mapping[str, Any],
        accuracy_m: float,
        rows: Sequence[ZoneRow],
        zones: str,
        limit: tuple[float, float],
        value: int,
        distance: float,
        look: float,
    ) -> None:
        relation = leaf["relation"]
        if relation == "within_distance":
            low, high = limit
            bound = f"{low:g} 米" if low == high else (f"{low:g}～{high:g} 米" if np.isfinite(high) else "未设定的距离")
            if rows:
                self.because.append(
                    f"距{_name(rows[0])} {rows[0].distance_m:.1f} 米，界线 {bound}（数据精度 ±{accuracy_m:.1f} 米）"
                )
            else:
                self.because.append(f"{look:g} 米以内没有{zones}，界线 {bound}")
        elif relation in ("within", "outside"):
            text = {1: "全部位于", -1: "不全在", 0: "是否全部位于"}[value if relation == "within" else -value]
            self.because.append(f"用地{text}{zones}范围内")
        elif distance == 0 and rows:
            self.because.append("；".join(f"涉及{_name(r)}{_amount(r)}" for r in rows[:5] if r.distance_m == 0))
        elif rows:
            self.because.append(f"不在{zones}范围内，最近的{_name(rows[0])}距 {rows[0].distance_m:.1f} 米")
        else:
            self.because.append(f"不在{zones}范围内")

    def _open(
        self, leaf: Mapping[str, Any], measured: Measured, piece: int, why: int, limit: tuple[float, float], kind: str
    ) -> None:
        key = leaf["kind"]
        coverage = float(measured.coverage_m[piece])
        if why & places.NO_COVERAGE:
            known = f"只覆盖到用地外 {coverage:.0f} 米" if coverage >= 0 else "没有完整覆盖用地"
            self.because.append(f"“{kind}”图层{known}，覆盖范围以外情况不明")
            self.missing.append(f"coverage:{key}")
        if why & places.CENTRELINE:
            self.because.append(f"“{kind}”图层给的是中心线且没有半宽，不能据此排除；须提供岸线或半宽")
            self.missing.append(f"half_width:{key}")
        if why & places.NO_DISTANCE:
            spec = leaf.get("distance") or {}
            self.because.append("原文没有给出确定的距离，须由有权部门确定")
            self.missing.append(f"parameter:{spec['parameter']}" if spec.get("parameter") else str(spec.get("fact")))
        extent = float(measured.extent_m[piece])
        if why & places.ACCURACY and extent > 0 and _clear_of(leaf, measured, piece, limit[1]):
            self.because.append(f"点位本身在界线以外，但周围 {extent:g} 米的用地可能伸入界线以内，须提供用地红线")
            self.missing.append(f"outline:{key}")
        elif why & places.ACCURACY:
            self.because.append(f"与界线之差在数据精度（±{measured.accuracy_m[piece]:.1f} 米）以内，须实测")
            self.missing.append(f"accuracy:{key}")


def _clear_of(leaf: Mapping[str, Any], measured: Measured, piece: int, limit_m: float) -> bool:
    """Say whether the point that was given is past a limit by more than its accuracy: only its ground may reach in."""
    limit = limit_m if leaf["relation"] == "within_distance" else 0.0
    gap = float(measured.distance_low_m[piece]) - limit
    return leaf["relation"] not in ("within", "outside") and gap > float(measured.accuracy_m[piece])


def _name(row: ZoneRow) -> str:
    extra = [str(row.attributes[k]) for k in ("river_class", "grade", "category") if row.attributes.get(k)]
    extra = [e for e in extra if e not in row.name]
    return row.name + (f"（{'、'.join(extra)}）" if extra else "")


def _amount(row: ZoneRow) -> str:
    share = f"，占 {row.share:.2%}" if row.share is not None else ""
    if row.overlap_m2 is not None:
        return f" {row.overlap_m2:.1f} 平方米{share}"
    if row.overlap_m is not None:
        return f" {row.overlap_m:.1f} 米{share}"
    return ""


def _zone(row: ZoneRow, kind: str, measured: Measured, accuracy_m: float) -> dict[str, Any]:
    used = measured.layer
    shown = {k: v for k, v in row.attributes.items() if k not in ("zone", "name", "status", "valid_from", "valid_to")}
    return {
        "kind": kind,
        "layer": used.version if used else None,
        "zone": row.zone,
        "name": row.name,
        "overlap_m2": row.overlap_m2,
        "overlap_m": row.overlap_m,
        "share": row.share,
        "distance_m": row.distance_m,
        "bearing": row.bearing,
        "accuracy_m": accuracy_m,
        "attributes": shown,
    }
