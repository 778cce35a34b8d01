"""`ecozone inspect` and `ecozone import`: what a file is, and a file into an atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ecozone.cli import access, rasters
from ecozone.cli.check import day, split
from ecozone.cli.command import Command
from ecozone.cli.files import json_bytes, write
from ecozone.cli.layout import labelled
from ecozone.cli.run import say, say_bytes
from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.words.values import read_metres

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ecozone.intake.diagnose import Diagnosis
    from ecozone.intake.issue import Issue

_INSPECT = """诊断一个数据文件：格式、图层、文字编码、坐标系及依据、范围、所在区县、几何错误、字段对应和问题；
什么也不写入。

FILE 可以是 Shapefile（文件夹或 ZIP）、GeoPackage、GeoJSON、FileGDB、KML/KMZ、OVKML、DXF、FlatGeobuf、GeoParquet、
CSV、XLSX、WKT、界址点坐标 TXT，或 postgresql:// 数据库地址。
"""
_IMPORT = """把一个数据文件导入图集，成为一个图层的新版本，来源、坐标系依据和修复情况一并记录。

看不准的不猜：坐标系、编码、字段有两种可能时会列出各自的结果，请用选项指定。有“错误”级问题时不写入；
其中经人工核实的，可用 --acknowledge 代码 确认。已有的版本不会被覆盖。

栅格（GeoTIFF、IMG、ASC 等）也可导入：elevation 高程、land_cover 土地覆盖（须给代码表）等，供 slope_share_gt_25
（坡度大于 25 度的占地比例）之类的规则条件量算；只保留图集区域及其外约 3 公里。

准入清单（xlsx、csv）用 --kind access_list 导入：列名按常见写法识别，认不出的用 --map 列名=管控要求 等指定，
--layer 选工作表；有读不懂的行就整份不导入，逐行说明原因。可先用 ecozone inspect FILE --kind access_list 查看。
"""
_CRS = "坐标系：EPSG 代码、GCJ02（高德）、BD09（百度），或 DDD.MMSS（度分秒连写）；缺省由文件和坐标数值判断。"
_LAYER = "文件有多个图层时读哪一个；数据库则为表名或 SELECT 查询。"
#: Columns of a file that are named.
_COLUMNS = 20


def _common(command: Any) -> Any:
    options = [
        click.option("--crs", metavar="CRS", help=_CRS),
        click.option("--encoding", metavar="NAME", help="文字编码，例如 GBK、UTF-8；缺省由内容判断。"),
        click.option("--layer", metavar="NAME", help=_LAYER),
        click.option(
            "--map", "fields", multiple=True, metavar="FIELD=COLUMN", help="文件的字段对应图层的哪一列；可重复。"
        ),
        click.option("--accuracy", metavar="M", help="精度，米：图上边界可能偏离实地多少。"),
        click.option("--json", "json_to", metavar="FILE|-", help="把诊断写成 JSON；- 表示写到标准输出。"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    "inspect",
    cls=Command,
    help=_INSPECT,
    exits={0: "可以读取，没有“错误”级问题", 2: "不能读取，或有“错误”级问题"},
    short_help="诊断一个数据文件：格式、编码、坐标系、字段、问题",
)
@click.argument("file", metavar="FILE")
@click.option("--kind", metavar="KIND", help="图层类别，见 ecozone kinds，例如 river；给出后核对字段和几何。")
@click.option("--atlas", metavar="DIR", help="图集：用它的区域核对位置。")
@_common
def inspect(
    file: str,
    kind: str | None,
    atlas: str | None,
    crs: str | None,
    encoding: str | None,
    layer: str | None,
    fields: tuple[str, ...],
    accuracy: str | None,
    json_to: str | None,
) -> int:
    """Diagnose one file."""
    from ecozone.atlas import open_atlas
    from ecozone.intake import diagnose, limits

    if access.is_access_list(kind):
        given = {"crs": crs, "encoding": encoding, "accuracy": accuracy, "layer": layer, "fields": fields}
        return access.inspect(file, atlas, json_to, given)
    opened = open_atlas(atlas) if atlas else None
    if kind is not None:
        from ecozone import kinds

        kind = kinds.named(kind).kind
    with limits.memory() as unbounded:
        found = diagnose.inspect(
            file, kind=kind, crs=crs, encoding=encoding, layer=layer, accuracy_m=read_metres("--accuracy", accuracy),
            atlas=opened, map_fields=dict(split("--map", fields, "HLMC=name")),
        )  # fmt: skip
    record = json_bytes(found.to_dict())
    if json_to == "-":
        say_bytes(record)
        return 0 if found.usable else 2
    _show(found)
    if unbounded:
        say(f"说明：{unbounded}")
    if json_to:
        say(f"记录：{write(json_to, record)}")
    return 0 if found.usable else 2


def _show(found: Diagnosis) -> None:
    say(f"{found.path}", style={"bold": True})
    extent = found.extent
    rows = [
        ("格式", f"{found.format}，图层“{found.layer}”" if found.format else ""),
        ("其他图层", "、".join(found.others)),
        ("文字编码", found.encoding),
        ("坐标系", f"{found.crs}；依据：{found.how}" if found.crs else ""),
        ("范围", f"东经 {extent[0]:.6f}–{extent[2]:.6f}°，北纬 {extent[1]:.6f}–{extent[3]:.6f}°" if extent else ""),
        ("位置", found.place or ""),
        ("要素", _features(found)),
        ("面积", f"{found.area_ha:.4f} 公顷" if found.area_ha is not None else ""),
        ("字段", _columns(found.columns)),
        ("字段对应", "、".join(f"{k}←{v}" for k, v in found.matches.items())),
    ]
    for label, text in rows:
        if text and (found.format or label != "要素"):
            for line in labelled(label, text, column=10):
                say(line)
    _list(found.issues)
    if found.refusal:
        say()
        for line in labelled("不能读取", found.refusal, column=10):
            say(line, style={"bold": True})


def _columns(columns: Mapping[str, str]) -> str:
    """Return the file's columns with a value of each."""
    named = [f"{k}（{v}）" if v else k for k, v in columns.items()]
    return "、".join(named[:_COLUMNS]) + (f" 等 {len(named)} 个" if len(named) > _COLUMNS else "")


def _features(found: Diagnosis) -> str:
    """Return how many features there are, and how many rows or features gave none and why."""
    from ecozone.intake.diagnose import NO_GEOMETRY
    from ecozone.intake.issue import PLACELESS_ROWS

    shapes = [f"{k} {v} 个" for k, v in found.features.items() if k != NO_GEOMETRY]
    text = "、".join([*shapes, f"顶点 {found.vertices} 个"])
    without = [f"{PLACELESS_ROWS[i.code]} {i.count} 行" for i in found.issues if i.code in PLACELESS_ROWS]
    if not without and found.features.get(NO_GEOMETRY):
        without = [f"没有几何的 {found.features[NO_GEOMETRY]} 个"]
    return text + (f"；另有{'、'.join(without)}，未计入" if without else "")


def _list(issues: Sequence[Issue]) -> None:
    from ecozone.intake.issue import SEVERITIES, WHO

    if not issues:
        return
    say()
    for issue in issues:
        who = "" if issue.who == "nobody" else f"（由{WHO[issue.who]}处理）"
        text = f"[{issue.code}] {issue.message}{who}"
        for line in labelled(SEVERITIES[issue.severity], text, column=6):
            say(line, style={"bold": True} if issue.severity == "error" else None)


@click.command(
    "import",
    cls=Command,
    help=_IMPORT,
    exits={0: "已导入", 2: "没有导入，图集保持原样"},
    short_help="把数据文件导入图集，成为图层的新版本",
)
@click.argument("file", metavar="FILE")
@click.option(
    "--kind",
    required=True,
    metavar="KIND",
    help="图层类别，见 ecozone kinds，例如 river；栅格如 elevation；access_list 为准入清单。",
)
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹，或 postgresql:// 地址。")
@_common
@click.option("--source", default="", metavar="TEXT", help="来源：谁提供的什么数据。")
@click.option("--document", metavar="NO", help="批准文件的文号。")
@click.option("--licence", metavar="TEXT", help="使用许可。")
@click.option(
    "--version", "version", metavar="V", help="版本号；缺省为当天日期。生效日期相同的，采用版本号在后的一版。"
)
@click.option("--status", metavar="STATUS", help="要素状态：in_force 已生效（缺省）、proposed 拟划定、revoked 已撤销。")
@click.option("--valid-from", metavar="D", help="版本生效日期；不写则按最早的一版对待，排在写明日期的各版之前。")
@click.option("--valid-to", metavar="D", help="版本失效日期。")
@click.option(
    "--coverage", metavar="FILE|county", help="图层完整覆盖的范围：county 为整个图集区域，或一个面文件；不给则未知。"
)
@click.option(
    "--line", metavar="LINE", help="河流必填，岸线口径：water_edge、outer_edge、management_range、centreline。"
)
@click.option("--river-class", metavar="CLASS", help="河流等级：干流、重要支流、支流；文件里没有等级字段时必填。")
@click.option("--set", "settings", multiple=True, metavar="COLUMN=VALUE", help="整层取同一个值的列；可重复。")
@click.option("--sensitive", is_flag=True, default=None, help="边界不宜公开。")
@click.option("--plan-area", metavar="KM2", help="规划确定的面积，平方公里；小于它须确认。")
@click.option(
    "--acknowledge", multiple=True, metavar="CODE", help="经人工核实而确认的错误代码，例如 area-shrunk；可重复。"
)
@click.option("--region", metavar="CODE", help="图集还不存在时，按这个六位区划代码新建。")
@click.option("--class", "classes", multiple=True, metavar="CODE=NAME", help="栅格的代码表，例如 1=林地；可重复。")
@click.option("--band", type=int, metavar="N", help="栅格的波段，缺省 1。")
def import_(file: str, kind: str, atlas: str, json_to: str | None, **given: Any) -> int:
    """Import one file."""
    from ecozone import kinds
    from ecozone.intake import importing, limits
    from ecozone.intake.issue import CODES

    if access.is_access_list(kind):
        return access.import_list(file, atlas, json_to, given)
    if rasters.is_raster_kind(kind):
        return rasters.import_raster(file, kind, atlas, json_to, given)
    spec = kinds.named(kind)
    kind = spec.kind
    if given.pop("classes") or given.pop("band"):
        raise InputError(f"--class 和 --band 只用于栅格，“{spec.name}”是矢量图层。")
    for code in given["acknowledge"]:
        if code not in CODES:
            raise InputError(f"--acknowledge 的代码“{code}”不存在，请照抄问题前方括号里的代码。")
    if given["accuracy"] is None:
        raise InputError("导入图层须说明精度，请加上 --accuracy，例如 1:1万成果 --accuracy 5（米）。")
    constants = dict(split("--set", given["settings"], "watercourse=river"))
    constants |= {k: given[k] for k in ("line", "river_class", "status") if given[k] is not None}
    if kind == "river":
        constants.setdefault("watercourse", "river")
    plan = read_metres("--plan-area", given["plan_area"])
    with limits.memory() as unbounded:
        version = given["version"] or importing.free_version(atlas, kind, today(), given["region"])
        done = importing.import_layer(
            file, atlas, kind=kind, version=version, accuracy_m=read_metres("--accuracy", given["accuracy"]),
            crs=given["crs"], encoding=given["encoding"], layer=given["layer"],
            map_fields=dict(split("--map", given["fields"], "HLMC=name")), constants=constants,
            coverage=given["coverage"], acknowledged=given["acknowledge"], plan_area_km2=plan, region=given["region"],
            source=given["source"] or file.rsplit("@", 1)[-1], document=given["document"], licence=given["licence"],
            valid_from=_day(given["valid_from"]), valid_to=_day(given["valid_to"]), line=given["line"],
            sensitive=given["sensitive"], today=today(),
        )  # fmt: skip
    if json_to:
        record = {
            "written": done.where or None, "version": version, "used": done.used or None,
            "issues": [i.to_dict() for i in done.issues],
        }  # fmt: skip
        if json_to == "-":
            say_bytes(json_bytes(record))
            return 0 if done.layer is not None else 2
        write(json_to, json_bytes(record))
    _list(done.issues)
    if unbounded:
        say(f"说明：{unbounded}")
    say()
    if done.layer is None:
        codes = "、".join(dict.fromkeys(i.code for i in done.open_errors))
        say(f"没有导入：有 {len(done.open_errors)} 项错误（{codes}），请改正后重试。", style={"bold": True})
        return 2
    held = "" if done.layer.coverage is not None else "；没有给出覆盖范围（--coverage），“未找到”不能作为依据"
    say(f"已导入“{spec.name}”{len(done.layer)} 个要素，版本 {version}，写入 {done.where}{held}", style={"bold": True})
    say(f"采用日期：{done.used}。")
    return 0


def _day(text: str | None) -> str | None:
    return day(text).isoformat() if text else None
