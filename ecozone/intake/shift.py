"""Bringing geometries to EPSG:4490 once their system is known; old datums are never moved in silence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ecozone.errors import CRSError
from ecozone.intake import datum as shifts
from ecozone.intake import gauss
from ecozone.intake.issue import Issue
from ecozone.measure import LONGEST_EDGE_M, METRES_PER_DEGREE

_ELLIPSOIDS = {"Xian80": (6378140.0, 298.257), "Beijing54": (6378245.0, 298.3)}
#: The two conventions of rotation must agree this well, metres; otherwise the parameters are ambiguous.
CONVENTION_M = 0.5


def to_geographic(
    geometry: NDArray[Any],
    system: gauss.System,
    shifted: str | None,
    parameters: tuple[float, ...],
    accuracy_m: float | None,
    what: str,
    *,
    quiet: bool = False,
) -> tuple[NDArray[Any], list[Issue]]:
    """Transform geometries in east-north order to EPSG:4490.

    Parameters
    ----------
    geometry : ndarray of geometries
    system : System
        What the numbers are in.
    shifted : str or None
        ``GCJ02`` or ``BD09`` over geographic numbers.
    parameters : tuple of float
        Seven parameters for an old datum.
    accuracy_m : float or None
        Given: an old datum without parameters is taken as it stands, and flagged.
    what : str
        For messages.
    quiet : bool
        For looking where a reading would put data: no refusal.

    Raises
    ------
    CRSError
        An old datum without parameters or accuracy; ambiguous parameters; coordinates outside the projection.
    """
    issues: list[Issue] = []
    if shifted:
        back = shifts.from_gcj02 if shifted == "GCJ02" else shifts.from_bd09
        code = "gcj02-converted" if shifted == "GCJ02" else "bd09-converted"
        out = shapely.transform(geometry, back)
        moved = _moved(geometry, out)
        issues.append(Issue(code, f"{gauss.DATUMS[shifted]}已还原为 CGCS2000，平移约 {moved:.0f} 米。", len(geometry)))
        return out, issues
    if system.datum in gauss.OLD and not quiet:
        return _old(geometry, system, parameters, accuracy_m, what)
    if system.datum == "WGS84":
        issues.append(Issue("datum-assumed", "WGS84 坐标按 CGCS2000 读取，两者相差分米级。"))
    if system.form == "degrees" and system.datum in ("CGCS2000", "WGS84"):
        return geometry, issues
    target = _base(system) if system.datum in gauss.OLD else "EPSG:4490"
    return _transform(geometry, system, target), issues


def _base(system: gauss.System) -> Any:
    from pyproj import CRS

    return CRS.from_user_input(system.code).geodetic_crs


def _transform(geometry: NDArray[Any], system: gauss.System, target: Any) -> NDArray[Any]:
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        if system.form != "degrees":
            geometry = cut_edges(geometry)
        transformer = Transformer.from_crs(system.code, target, always_xy=True)
        out = shapely.transform(geometry, lambda c: np.column_stack(transformer.transform(c[:, 0], c[:, 1])))
    except (ProjError, shapely.GEOSException):
        raise CRSError(f"坐标不在 {system.label} 的适用范围内，换算失败，请核对坐标系。") from None
    xy = shapely.get_coordinates(out)
    if not np.isfinite(xy).all():
        raise CRSError(f"坐标不在 {system.label} 的适用范围内，换算失败，请核对坐标系。")
    return np.asarray(out, dtype=object)


def cut_edges(geometry: NDArray[Any]) -> NDArray[Any]:
    """Cut edges longer than 500 m in their own plane, so that a straight one stays straight.

    GEOS mends a polygon that crosses itself while it cuts its edges, and says nothing; such a polygon is cut ring by
    ring, and stays as it was drawn for others to refuse or repair.
    """
    out = np.array(geometry, dtype=object)
    crossing = ~shapely.is_missing(out) & ~shapely.is_valid(out)
    out[~crossing] = shapely.segmentize(out[~crossing], LONGEST_EDGE_M)
    for row in np.flatnonzero(crossing).tolist():
        if shapely.get_dimensions(out[row]) == 2 and shapely.get_type_id(out[row]) != 7:
            parts = [_by_ring(part) for part in shapely.get_parts(out[row])]
            out[row] = parts[0] if shapely.get_type_id(out[row]) == 3 else shapely.multipolygons(parts)
    return out


def _by_ring(polygon: Any) -> Any:
    lines = [shapely.linestrings(shapely.get_coordinates(ring)) for ring in shapely.get_rings(polygon)]
    rings = [shapely.get_coordinates(shapely.segmentize(line, LONGEST_EDGE_M)) for line in lines]
    return shapely.Polygon(rings[0], rings[1:])


def _old(
    geometry: NDArray[Any], system: gauss.System, parameters: tuple[float, ...], accuracy_m: float | None, what: str
) -> tuple[NDArray[Any], list[Issue]]:
    name = gauss.DATUMS[system.datum]
    own = geometry if system.form == "degrees" else _transform(geometry, system, _base(system))
    if len(parameters) == 7:
        return _by_parameters(own, system, parameters, name, what)
    if accuracy_m is None:
        raise CRSError(
            f"{what}是{name}坐标，没有转换参数；直接当作 CGCS2000 会差几十到一百多米。"
            f"请向测绘部门索取 CGCS2000 成果或七参数，"
            "或说明精度、按近似位置读取：导入用 --accuracy 150，核对项目用 --site-accuracy 150。"
        )
    issue = Issue(
        "datum-unshifted",
        f"{name}坐标没有转换参数，未作基准转换，位置可能偏几十到一百多米；按所给精度 {accuracy_m:g} 米使用。",
        len(geometry),
    )
    return own, [issue]


def _by_parameters(
    own: NDArray[Any], system: gauss.System, parameters: tuple[float, ...], name: str, what: str
) -> tuple[NDArray[Any], list[Issue]]:
    a, rf = _ELLIPSOIDS[system.datum]
    both = [
        shapely.transform(own, lambda c, f=frame: shifts.helmert(c, parameters, a, rf, frame=f))
        for frame in (True, False)
    ]
    apart = _moved(both[0], both[1])
    if apart > CONVENTION_M:
        raise CRSError(
            f"{what}的七参数有旋转角，按“坐标框架”和“位置矢量”两种约定换算相差 {apart:.1f} 米，无法判断用哪一种；"
            "请提供 CGCS2000 成果。"
        )
    moved = _moved(own, both[0])
    if moved > 500:
        raise CRSError(
            f"{what}的七参数会把位置平移 {moved:.0f} 米，"
            f"不合常理（{name}与 CGCS2000 相差百米左右），请核对参数的方向和单位。"
        )
    return both[0], [Issue("datum-converted", f"{name}按文件内七参数转换到 CGCS2000，平移 {moved:.1f} 米。", len(own))]


def _moved(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return how far the first vertices lie apart, metres."""
    p, q = shapely.get_coordinates(a)[:1], shapely.get_coordinates(b)[:1]
    if not len(p):
        return 0.0
    east = (q[0, 0] - p[0, 0]) * math.cos(math.radians(p[0, 1]))
    return float(math.hypot(east, q[0, 1] - p[0, 1]) * METRES_PER_DEGREE)
