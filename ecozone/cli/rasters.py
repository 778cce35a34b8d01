"""`ecozone import` of a raster: elevation, land cover … as evidence in an atlas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecozone.cli.check import day, split
from ecozone.cli.files import json_bytes, write
from ecozone.cli.layout import labelled
from ecozone.cli.run import say, say_bytes
from ecozone.clock import today
from ecozone.errors import InputError
from ecozone.words.values import read_metres

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Options of `ecozone import` that mean something for rasters too.
_TAKEN = (
    "accuracy", "source", "document", "licence", "version", "valid_from", "valid_to", "classes", "band",
)  # fmt: skip
_NAMES = {"fields": "--map", "settings": "--set"}


def is_raster_kind(kind: str) -> bool:
    """Say whether a kind is one of rasters."""
    from ecozone import words

    return any(kind in (k.key, k.name, *k.aliases) for k in words.raster_kinds().values())


def import_raster(file: str, kind: str, atlas: str, json_to: str | None, given: Mapping[str, Any]) -> int:
    """Import one raster and say what came of it."""
    from ecozone.atlas import open_atlas
    from ecozone.raster import store
    from ecozone.words import raster_kind

    spec = raster_kind(kind)
    for option in (k for k, v in given.items() if v and k not in _TAKEN):
        raise InputError(f"栅格没有 {_NAMES.get(option, '--' + option.replace('_', '-'))} 一项，请去掉。")
    version = given["version"] or store.free_version(open_atlas(atlas), spec.key, today().isoformat())
    raster, where = store.import_raster(
        file,
        atlas,
        kind=spec.key,
        version=version,
        accuracy_m=read_metres("--accuracy", given["accuracy"]),
        band=given["band"] or 1,
        classes=_classes(given["classes"]),
        source=given["source"] or file,
        document=given["document"],
        licence=given["licence"],
        valid_from=_day(given["valid_from"]),
        valid_to=_day(given["valid_to"]),
        today=today(),
    )
    use = store.days_used(raster, open_atlas(atlas))
    record: dict[str, Any] = {
        "written": str(where),
        "version": version,
        "used": use,
        "issues": [],
        "raster": raster.meta(),
    }
    if json_to == "-":
        say_bytes(json_bytes(record))
        return 0
    if json_to:
        write(json_to, json_bytes(record))
    said = [("精度", f"±{raster.accuracy_m:.1f} 米{'' if given['accuracy'] else '（半个像元）'}")]
    if raster.classes:
        said.append(("代码", "、".join(f"{k} {v}" for k, v in raster.classes.items())))
    for label, text in said:
        for line in labelled(label, text, column=6):
            say(line)
    say()
    say(f"已导入“{spec.name}”栅格，版本 {version}，写入 {where}", style={"bold": True})
    say(f"采用日期：{use}。")
    return 0


def _classes(given: tuple[str, ...]) -> dict[int, str] | None:
    out = {}
    for code, name in split("--class", given, "1=林地"):
        if not code.strip().lstrip("-").isdigit() or not name.strip():
            raise InputError(f"--class “{code}={name}”应写成 代码=含义，代码为整数，例如 --class 1=林地。")
        out[int(code)] = name.strip()
    return out or None


def _day(text: str | None) -> str | None:
    return day(text).isoformat() if text else None
