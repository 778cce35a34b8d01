"""`ecozone inspect` and `ecozone import` of an access list (准入清单): what a table holds, and into an atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecozone.cli.check import day, split
from ecozone.cli.files import json_bytes, write
from ecozone.cli.layout import labelled
from ecozone.cli.run import say, say_bytes
from ecozone.clock import today
from ecozone.errors import AtlasError, InputError
from ecozone.versions import Held, told, unused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecozone.atlas import Atlas
    from ecozone.intake.access import Survey

_NAMES = ("access_list", "准入清单", "生态环境准入清单")
#: Options of `ecozone import` that mean something for lists too.
_TAKEN = ("document", "version", "valid_from", "valid_to", "layer", "fields")
_OTHER = {"settings": "--set", "classes": "--class"}
#: Rows, units and columns that are named.
_NAMED = 10


def is_access_list(kind: str | None) -> bool:
    """Say whether a kind is the access list."""
    return kind in _NAMES


def inspect(file: str, atlas: str | None, json_to: str | None, given: Mapping[str, Any]) -> int:
    """Show what a table holds; nothing is written."""
    from ecozone.atlas import open_atlas

    survey = _survey(file, given)
    opened = open_atlas(atlas) if atlas else None
    if json_to == "-":
        say_bytes(json_bytes(_record(survey, opened)))
    else:
        _show(survey, opened)
        if json_to:
            say(f"记录：{write(json_to, json_bytes(_record(survey, opened)))}")
    return 0 if survey.requirements and not survey.refused else 2


def import_list(file: str, atlas: str, json_to: str | None, given: Mapping[str, Any]) -> int:
    """Import one list, whole or not at all."""
    from ecozone import storage
    from ecozone.atlas import open_atlas

    opened = open_atlas(atlas)
    if opened.path is None:
        raise AtlasError("准入清单存放在图集文件夹里，数据库图集不能导入；请用 ecozone 导出的图集文件夹。")
    survey = _survey(file, given)
    version = given["version"] or today().isoformat()
    if any(a.version == version for a in opened.access):
        raise InputError(f"图集已有版本为 {version} 的准入清单，不覆盖；请用 --version 另给一个版本号。")
    new = Held(version, day(given["valid_from"]) if given["valid_from"] else None,
               day(given["valid_to"]) if given["valid_to"] else None)  # fmt: skip
    others = [Held(a.version, a.period.first, a.period.last) for a in opened.access]
    record = _record(survey, opened)
    if json_to != "-":
        _show(survey, opened)
        say()
    written = None
    if survey.requirements and not survey.refused:
        if why := unused(new, others, today()):
            raise AtlasError(f"没有导入准入清单：{why}")
        access = survey.access_list(
            version=version, document=given["document"] or survey.path.name,
            valid_from=_day(given["valid_from"]), valid_to=_day(given["valid_to"]),
        )  # fmt: skip
        written = storage.write_access(access, opened.path)
    record |= {"written": str(written) if written else None, "version": version}
    if written:
        record["used"] = told(new, others)
    if json_to == "-":
        say_bytes(json_bytes(record))
    elif json_to:
        write(json_to, json_bytes(record))
    if json_to != "-":
        count = f"{len(survey.requirements)} 条、{len(survey.units)} 个单元"
        done = f"已导入准入清单 {count}，版本 {version}，写入 {written}"
        say(done if written else f"没有导入：有 {len(survey.refused)} 行读不懂，请改正后重试。", style={"bold": True})
        if written:
            say(f"采用日期：{record['used']}。")
    return 0 if written else 2


def _survey(file: str, given: Mapping[str, Any]) -> Survey:
    from ecozone.intake.access import survey_access_list

    for option in (k for k, v in given.items() if v and k not in _TAKEN):
        raise InputError(f"准入清单没有 {_OTHER.get(option, '--' + option.replace('_', '-'))} 一项，请去掉。")
    return survey_access_list(
        file, sheet=given["layer"], columns=dict(split("--map", given["fields"], "要求=管控要求"))
    )


def _units(survey: Survey, atlas: Atlas | None) -> tuple[list[str], list[str]]:
    """Return the units that the atlas does not hold, and those of the atlas that the list does not hold."""
    if atlas is None or "control_unit" not in atlas.kinds or not survey.units:
        return [], []
    here = {str(c) for c in atlas["control_unit"].columns["code"] if c}
    return sorted(set(survey.units) - here), sorted(here - set(survey.units))


def _record(survey: Survey, atlas: Atlas | None) -> dict[str, Any]:
    strange, without = _units(survey, atlas)
    return {
        "file": str(survey.path),
        "rows": survey.rows,
        "requirements": len(survey.requirements),
        "levels": survey.levels,
        "units": list(survey.units),
        "columns": dict(survey.columns),
        "ignored": list(survey.ignored),
        "other_sheets": list(survey.others),
        "merged": survey.merged,
        "blank": list(survey.blank),
        "refused": [{"line": line, "why": why} for line, why in survey.refused],
        "units_not_in_atlas": strange,
        "units_without_list": without,
    }


def _show(survey: Survey, atlas: Atlas | None) -> None:
    from ecozone.intake.access import LABELS

    strange, without = _units(survey, atlas)
    rows = [
        ("读到", f"{survey.rows} 行，{len(survey.requirements)} 条要求，{len(survey.units)} 个单元"),
        ("层级", "、".join(f"{k} {v} 条" for k, v in survey.levels.items())),
        (
            "列的对应",
            "、".join(f"{h}→{LABELS.get(m, m)}" for h, m in survey.columns.items()),
        ),
        ("未用的列", "、".join(survey.ignored)),
        ("其他工作表", "、".join(survey.others) + "（没有读，可用 --layer 指定）" if survey.others else ""),
        ("合并单元格", f"{survey.merged} 处，已按所占各格取值" if survey.merged else ""),
        ("空白单元", f"第 {_some(survey.blank)} 行各维度都没有内容，这些单元没有清单" if survey.blank else ""),
        ("图集没有", f"{_some(strange)}，这些编码在图集的管控单元里找不到" if strange else ""),
        ("没有清单", f"{_some(without)}，触及这些单元的项目不能得出完整结论" if without else ""),
        ("拒收", f"{len(survey.refused)} 行" if survey.refused else ""),
    ]
    say(f"{survey.path}", style={"bold": True})
    for label, text in rows:
        if text:
            for line in labelled(label, text, column=12):
                say(line)
    for _, why in survey.refused:
        for line in labelled("错误", why, column=6):
            say(line, style={"bold": True})


def _some(items: tuple[Any, ...] | list[Any]) -> str:
    return "、".join(map(str, items[:_NAMED])) + (f" 等 {len(items)} 个" if len(items) > _NAMED else "")


def _day(text: str | None) -> str | None:
    return day(text).isoformat() if text else None
