"""What a process of its own does to say where a kind of project may go: `ecozone.where_allowed`, as plain values."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone.errors import GeometryError, InputError
from ecozone.web.request import day, place

if TYPE_CHECKING:
    from ecozone.siting import Where
    from ecozone.web.files import Tell

#: What the process says it does, in turn.
STEPS = ("正在打开图集", "正在沿各条边界切分区域，逐块判定", "正在写出用地图斑")
_HECTARE = 1e4


def understood(asked: Mapping[str, Any]) -> None:
    """Read what is asked without answering it, so that a slip is said at once.

    Parameters
    ----------
    asked : mapping
        A `WhereRequest` as plain values, with its day.

    Raises
    ------
    InputError
        Something in it cannot be used.
    """
    from ecozone.project import Project

    given = _given(asked)
    day(asked["as_of"])
    Project(
        (104.0, 30.0),
        **{k: given[k] for k in ("nature", "industry", "facilities", "facts", "has", "subject", "stage")},
    )


def find(asked: Mapping[str, Any], atlas_folder: str, today: str, tell: Tell) -> dict[str, Any]:
    """Cut the region and judge it, telling each step.

    Returns
    -------
    dict
        ``totals`` (see `totals`), ``geojson`` and ``gpkg`` (the files that ``ecozone where --out`` writes).

    Raises
    ------
    InputError
        A size or a region makes no sense.
    """
    from ecozone.atlas import open_atlas
    from ecozone.siting import where_allowed

    tell((0, STEPS[0]))
    atlas = open_atlas(atlas_folder)
    tell((1, STEPS[1]))
    found = where_allowed(atlas, as_of=day(asked["as_of"] or today), **_given(asked))
    tell((2, STEPS[2]))
    with tempfile.TemporaryDirectory(prefix="ecozone-where-") as folder:
        files = {kind: found.save(Path(folder) / f"pieces.{kind}").read_bytes() for kind in ("geojson", "gpkg")}
    return {"totals": totals(found), **files}


def totals(found: Where) -> dict[str, Any]:
    """Return a region's ground by verdict in figures, with what is not settled yet.

    Returns
    -------
    dict
        ``verdicts`` [{verdict, name, area_m2, share, large_enough_m2, pieces, incomplete_m2, incomplete_pieces}],
        ``rules`` [{rule, title, area_m2}], ``region_m2``, ``min_area_m2``, ``as_of``, ``notice``, ``complete`` (no
        piece has anything open that could make its verdict stricter), ``sentence`` on what is not, and ``none``: why
        there is no ground to build on, or None.
    """
    from ecozone.siting import NoGroundError

    pieces = found.pieces
    rows = []
    for row in found.summary().to_dict("records"):
        mine = pieces[(pieces["verdict"] == row["verdict"]) & ~pieces["complete"].astype(bool)]
        rows.append({**row, "incomplete_m2": float(mine["area_m2"].sum()), "incomplete_pieces": len(mine)})
    count, area = sum(r["incomplete_pieces"] for r in rows), sum(r["incomplete_m2"] for r in rows)
    sentence = (
        f"{count} 块（共 {area / _HECTARE:,.1f} 公顷）尚有事项未能判定，补充资料后结论可能更严；"
        "下载文件的 open 一栏列出未定的规则。"
        if count
        else "各块均已判定完整。"
    )
    try:
        found.allowed()
        none = None
    except NoGroundError as error:
        none = str(error)
    return {
        "as_of": found.as_of.isoformat(), "notice": found.notice, "region_m2": found.region_m2,
        "min_area_m2": found.min_area_m2, "pieces": len(pieces), "verdicts": rows,
        "rules": found.by_rule().to_dict("records"), "complete": not count, "sentence": sentence, "none": none,
    }  # fmt: skip


def _given(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "nature": asked["nature"] or None,
        "industry": list(asked["industry"]) or None,
        "facilities": asked["facilities"],
        "facts": asked["facts"],
        "has": list(asked["has"]),
        "subject": asked["subject"],
        "stage": asked["stage"] or None,
        "within": None if asked["within"] is None else _within(asked["within"]),
        "min_area_m2": asked["min_area_m2"],
        "extent_m": asked["extent_m"],
        "site_accuracy_m": asked["site_accuracy_m"],
    }


def _within(given: Any) -> Any:
    """Return the area to look in.

    Raises
    ------
    InputError
        It is no area.
    """
    import shapely

    from ecozone.intake.site import read_place

    try:
        area = read_place(place(given, None)[0]).geometry
    except GeometryError:
        raise
    except InputError as error:
        raise GeometryError(f"查找范围读不出来：{error}") from None
    if shapely.get_dimensions(area) != 2:
        raise GeometryError("查找范围应当是面，请用 GeoJSON 或 WKT 的 Polygon 给出。")
    return area
