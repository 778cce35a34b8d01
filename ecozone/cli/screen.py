"""`ecozone screen`: a table of sites, one answer a row."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ecozone.cli.check import TODAY, day, pairs
from ecozone.cli.command import Command
from ecozone.cli.run import say
from ecozone.clock import today
from ecozone.errors import InputError

_HELP = """逐行核对一张项目表（或地块表），每行一个结论。

SITES 可以是 GeoParquet、GeoPackage、Shapefile、GeoJSON、CSV、Excel；行业代码、项目性质、设施等列按名称自动识别。
不能判定的行保留在结果中，写明原因；进多少行，出多少行。

中断后加 --resume，从最后一个算完的分块接着算。
"""


_EXITS = {0: "算完；各行的结论在结果表里"}


@click.command("screen", cls=Command, help=_HELP, exits=_EXITS, short_help="逐行核对一张项目表，可中断续算")
@click.argument("sites", metavar="SITES")
@click.option("--atlas", required=True, metavar="DIR", help="图集文件夹。")
@click.option("--out", required=True, metavar="FILE.parquet", help="结果表；写文件夹名时按分块存为多个文件。")
@click.option("--findings", metavar="FILE.parquet", help="命中、待定以及附近有图斑的结论项，逐条写出。")
@click.option("--ledger", metavar="FILE.xlsx", help="台账：结论、命中条款，以及既有项目的退出、整改清单。")
@click.option("--gpkg", metavar="FILE.gpkg", help="项目用地、命中的图斑和量测线，供 ArcGIS、QGIS 打开。")
@click.option("--engine", default="local", metavar="local|dask", help="在本机计算（缺省），或交给 Dask。")
@click.option("--scheduler", metavar="tcp://…", help="Dask 调度器地址；不给时在本机起几个工作进程。")
@click.option("--workers", type=int, metavar="N", help="本机工作进程（dask）或线程（local）的个数。")
@click.option("--chunk", type=int, metavar="N", help="每块行数，决定内存用量；缺省 20000。")
@click.option("--resume", is_flag=True, help="从上次算完的分块接着算。")
@click.option("--nature", metavar="NATURE", help="全部按这一性质核对；existing 得出既有项目的退出、整改清单。")
@click.option("--industry", multiple=True, metavar="CODE", help="全部按这一行业核对；可重复。")
@click.option("--facility", multiple=True, metavar="KIND|none", help="全部用地都是这种设施；可重复。")
@click.option("--fact", multiple=True, metavar="KEY=VALUE", help="全部项目的一项事实；可重复。")
@click.option("--crs", metavar="EPSG:CODE", help="表中坐标的坐标系，文件自带时不用给。")
@click.option("--as-of", metavar="YYYY-MM-DD", help="判定日期；缺省取北京时间当天。")
@click.option("--book", multiple=True, metavar="NAME|FILE", help="只用指定的内置规则集，或另加规则文件；可重复。")
def screen(sites: str, atlas: str, out: str, **given: Any) -> int:
    """Judge a table and write the answers."""
    from ecozone._screen import CHUNK, Task, asked, processors, screen_to
    from ecozone.screening.columns import Given, understand
    from ecozone.screening.parts import Parts
    from ecozone.screening.source import File

    if given["engine"] not in ("local", "dask"):
        raise InputError(f"--engine “{given['engine']}”无法识别，应为 local 或 dask。")
    workers = given["workers"]
    if workers is not None and workers < 1:
        raise InputError(f"--workers {workers} 不是正整数。")
    as_of = day(given["as_of"]) if given["as_of"] else today()
    said = Given(
        nature=given["nature"],
        industry=list(given["industry"]) or None,
        facilities=list(given["facility"]) or None,
        facts=pairs("--fact", given["fact"], "capacity_increase=no"),
    )
    source = File(Path(sites), crs=given["crs"])
    fields, facts, ignored = understand(source.columns)
    local = given["engine"] == "local"
    task = Task(
        str(Path(atlas).resolve()), tuple(given["book"]) or None, as_of, said, (workers or processors()) if local else 1
    )
    chunk = given["chunk"] or CHUNK
    target = Path(out)
    single = target.suffix.lower() == ".parquet"
    folder = target.with_name(target.name + ".parts") if single else target
    parts = Parts.open(folder, asked(source, task, chunk=chunk, crs=given["crs"]), resume=given["resume"])
    used = [*fields, *facts]
    say(f"判定日期 {as_of.isoformat()}{'' if given['as_of'] else TODAY}，识别的列：{'、'.join(used) or '无'}")
    if ignored:
        say(f"未使用的列：{'、'.join(map(str, ignored))}")
    started = time.monotonic()
    try:
        with _bar() as progress:
            if local:
                screen_to(parts, source, task, chunk=chunk, progress=progress)
            else:
                from ecozone.screening.cluster import screen_on

                screen_on(
                    parts, source, task, chunk=chunk, scheduler=given["scheduler"], workers=workers, progress=progress
                )
    except KeyboardInterrupt:
        say("已中断；加 --resume 可接着算。", err=True)
        raise
    lines = _finish(parts, target if single else None, given, source, task)
    seconds = time.monotonic() - started
    total = sum(n for _, n in _verdicts(lines.pop("verdicts")))
    say(f"共 {total} 行，用时 {seconds:.1f} 秒（每秒 {total / max(seconds, 1e-9):.0f} 行）")
    for text in lines.values():
        say(text)
    return 0


def _finish(parts: Any, target: Path | None, given: dict[str, Any], source: Any, task: Any) -> dict[str, Any]:
    """Write what was asked for out of the parts, and return what to say."""
    from ecozone.screening import exports

    counts = exports.verdicts(parts)
    said: dict[str, Any] = {"verdicts": counts, "summary": "　".join(f"{k} {n}" for k, n in _verdicts(counts))}
    bad = exports.reasons(parts, target or parts.folder)
    if bad:
        said["reasons"] = bad
    if given["findings"]:
        parts.merge("findings", Path(given["findings"]))
        said["findings"] = f"结论项：{given['findings']}"
    if given["ledger"]:
        said["ledger"] = f"台账：{exports.ledger(parts, Path(given['ledger']), task)}"
    if given["gpkg"]:
        said["gpkg"] = f"图形：{exports.geopackage(parts, Path(given['gpkg']), source, task)}"
    if target is not None:
        parts.merge("results", target)
        parts.clear()
    said["out"] = f"结果：{target or parts.folder}"
    return said


def _verdicts(counts: dict[str, int]) -> list[tuple[str, int]]:
    from ecozone.cli.answer import SHORT

    return [(SHORT.get(k, k), n) for k, n in counts.items()]


class _bar:
    """A progress bar with rate and time left, on a terminal only."""

    def __enter__(self) -> Callable[[int, int | None], None]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar.start()
        self._task = self._bar.add_task("核对", total=None, rate="")
        self._started = time.monotonic()
        return self._show

    def _show(self, done: int, total: int | None) -> None:
        rate = done / max(time.monotonic() - self._started, 1e-9)
        self._bar.update(self._task, completed=done, total=total, rate=f"{rate:.0f} 行/秒")

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
