"""What differs between two records of an answer, and which change of data, rules or program can have made it differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ecozone import kinds
from ecozone.assessment import VERDICTS

#: Measured numbers that agree within this share are the same (another machine's last bits).
SAME_WITHIN = 1e-9
#: The same for rows that no finding reads: areas agree within a millionth.
ROWS_WITHIN = 1e-6
#: What a finding must agree in.
_COMPARED = ("outcome", "effect", "firm")
_OUTCOMES = {
    "hit": "命中",
    "clear": "不涉及该范围",
    "not_applicable": "不适用",
    "no_data": "缺数据",
    "undetermined": "未定",
}
_QUANTITIES = {
    "distance_m": "距离 {v:,.3f} 米",
    "beyond_m": "在 {v:,.3f} 米以内没有",
    "overlap": "重叠 {v:,.3f}",
    "share": "占比 {v:.4%}",
}
_TARGET = ("kind", "class", "zone", "part")
#: Rows of a record besides the findings: their name, what tells one from another, and what of them must agree.
_ROWS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("units", "管控单元", ("code", "part"), ("category", "overlap_m2", "overlap_m", "share")),
    ("element_zones", "要素分区", ("code", "part"), ("category", "overlap_m2", "overlap_m", "share")),
    ("neighbours", "环境保护目标", _TARGET, ("outcome", "distance_m", "overlap_m2", "overlap_m")),
    ("requirements", "准入清单", ("unit", "id"), ("text", "conformity")),
)  # fmt: skip
_LAYER_OF = {"units": "control_unit", "element_zones": "element_zone", "requirements": "access_list"}
_NAMED = 6


@dataclass(frozen=True)
class Difference:
    """One thing in which two answers differ."""

    what: str
    before: Any
    after: Any
    causes: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = f"（{'、'.join(self.causes)}）" if self.causes else ""
        return f"{self.what}：{_shown(self.before)} → {_shown(self.after)}{why}"


@dataclass(frozen=True)
class Comparison:
    """What differs between two records, and what they stand on.

    Attributes
    ----------
    answers : tuple of Difference
        Verdict, completeness, findings, units, protection targets, access-list rows.
    grounds : tuple of Difference
        Layers, books, parameters, program version.
    unmoved : mapping of str to list of str
        Titles of findings that read a changed ground and came out the same, by that ground.
    """

    answers: tuple[Difference, ...] = field(default=())
    grounds: tuple[Difference, ...] = field(default=())
    unmoved: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def same(self) -> bool:
        """The answers agree, whatever they stand on."""
        return not self.answers

    def __str__(self) -> str:
        grounds = [line for d in self.grounds for line in (f"  {d}", *self._unmoved(d.what))]
        if self.same:
            told = "一致：结论和各条规则的判定与记录相同。"
            return told + ("\n依据有变化，结论未受影响：\n" + "\n".join(grounds) if grounds else "")
        answers = [f"  {d}" for d in self.answers]
        return "不一致：\n" + "\n".join(answers) + ("\n依据的变化：\n" + "\n".join(grounds) if grounds else "")

    def _unmoved(self, what: str) -> Iterator[str]:
        titles = self.unmoved.get(what, ())
        if titles:
            more = f" 等 {len(titles)} 条" if len(titles) > _NAMED else ""
            yield f"    读取它而结果未变的规定：{'；'.join(titles[:_NAMED])}{more}"


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Compare two records.

    Returns
    -------
    Comparison
        A finding's difference names its causes: a layer it reads, its book, a parameter, the program's version, the
        project or the day.
    """
    grounds = _grounds(before, after)
    changed = [d.what for d in grounds]
    answers = [
        Difference(name, VERDICTS.get(before[key], before[key]), VERDICTS.get(after[key], after[key]))
        for key, name in (("verdict", "结论"), ("complete", "是否完整"))
        if before[key] != after[key]
    ]
    old, new = (_by_rule(r["findings"]) for r in (before, after))
    unmoved: dict[str, list[str]] = {}
    for key in dict.fromkeys((*old, *new)):
        a, b = old.get(key), new.get(key)
        if a is None or b is None or not _same(a, b):
            found = b or a or {}
            title = f"{found['title']}（{key[0]}，{'项目用地' if key[1] == 'site' else key[1]}）"
            answers.append(Difference(title, _state(a), _state(b), _causes(a, b, changed) or ("原因未能确定",)))
        else:
            for what in _causes(a, b, (w for w in changed if w.startswith("图层 "))):
                unmoved.setdefault(what, []).append(f"{a['title']}（{key[0]}）")
    for section, name, key_columns, compared in _ROWS:
        answers += _rows(before, after, section, name, key_columns, compared, changed)
    return Comparison(tuple(answers), tuple(grounds), unmoved)


def _grounds(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    out = []
    for key, name in (("as_of", "日期"), ("ecozone", "程序版本")):
        if before[key] != after[key]:
            out.append(Difference(name, before[key], after[key]))
    for section, label, value in (
        ("layers", "图层", "sha256"),
        ("books", "规则集", "sha256"),
        ("parameters", "参数", "value"),
    ):
        name = "kind" if section == "layers" else "name"
        old, new = ({e[name]: e for e in r[section]} for r in (before, after))
        for key in sorted({*old, *new}):
            a, b = old.get(key), new.get(key)
            if (a or {}).get(value) != (b or {}).get(value):
                title = (b or a or {}).get("name" if section == "layers" else "title", key)
                shown = (_short(a), _short(b)) if value == "sha256" else ((a or {}).get(value), (b or {}).get(value))
                out.append(Difference(f"{label} {key}" + (f"（{title}）" if title != key else ""), *shown))
    mine, theirs = ({k: v for k, v in r["project"].items() if k != "name"} for r in (before, after))
    if mine != theirs or _geometry(before) != _geometry(after):
        out.append(Difference("项目", "", "位置或事实有变化"))
    return out


def _geometry(record: Mapping[str, Any]) -> list[Any]:
    return [(p["name"], p["geometry"], p["accuracy_m"], p["extent_m"]) for p in record["parts"]]


def _causes(a: Mapping[str, Any] | None, b: Mapping[str, Any] | None, changed: Iterable[str]) -> tuple[str, ...]:
    """Return which changes of the ground could have turned a finding."""
    read = {w["kind"] for f in (a, b) if f for w in f["where"]} | {
        k.partition(".")[0] for f in (a, b) if f for k in f["reads"]
    }
    read |= {m.partition(":")[2] for f in (a, b) if f for m in f["missing"] if m.startswith(("layer:", "coverage:"))}
    book = (b or a or {}).get("book", "")
    out = []
    for what in changed:
        head, _, name = what.partition(" ")
        name = name.partition("（")[0]
        if (
            (head == "图层" and name in read)
            or (head == "规则集" and name == book)
            or head in ("参数", "程序版本", "项目", "日期")
        ):
            out.append(what)
    return tuple(out)


# ---- rows besides the findings


def _rows(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    section: str,
    name: str,
    key_columns: Sequence[str],
    compared: Sequence[str],
    changed: Sequence[str],
) -> Iterator[Difference]:
    """Yield rows of a section that differ; none when a record of an older version has no such section."""
    if before.get(section) is None or after.get(section) is None:
        return
    old, new = ({tuple(row.get(c) for c in key_columns): row for row in r[section]} for r in (before, after))
    for key in dict.fromkeys((*old, *new)):
        a, b = old.get(key), new.get(key)
        if a is not None and b is not None and all(_close(a.get(c), b.get(c), ROWS_WITHIN) for c in compared):
            continue
        row = b or a or {}
        kind = _LAYER_OF.get(section) or row["kind"]
        mine = tuple(w for w in changed if w.startswith(f"图层 {kind}") or w in ("项目", "日期", "程序版本"))
        named = kinds.name(kind) if section == "neighbours" else ""
        title = row.get("name") if section in ("units", "element_zones") else row.get("zone_name") or row.get("id")
        what = "，".join(filter(None, (named, title, row.get("code") or row.get("unit"))))
        yield Difference(f"{name}（{what}）", _row(a, compared), _row(b, compared), mine or (f"图层 {kind}",))


def _row(row: Mapping[str, Any] | None, compared: Sequence[str]) -> str:
    if row is None:
        return "无此项"
    said = {"distance_m": "{:,.3f} 米", "overlap_m2": "{:,.3f} 平方米", "overlap_m": "{:,.3f} 米", "share": "{:.4%}"}
    told = [
        said[c].format(row[c]) if c in said else str(row[c])
        for c in compared
        if row.get(c) is not None and c not in ("outcome", "text")
    ]
    return "，".join(told) or "有"


def _by_rule(findings: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(f["rule"], f["part"]): f for f in findings}


def _same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if any(a[k] != b[k] for k in _COMPARED):
        return False
    if sorted(a["reads"]) != sorted(b["reads"]):
        return False
    if [w["zone"] for w in a["where"]] != [w["zone"] for w in b["where"]]:
        return False
    return all(_close(a["reads"][k], b["reads"][k]) for k in a["reads"])


def _close(x: Any, y: Any, within: float = SAME_WITHIN) -> bool:
    if isinstance(x, int | float) and isinstance(y, int | float):
        return abs(x - y) <= within * max(1.0, abs(x), abs(y))
    return bool(x == y)


def _state(finding: Mapping[str, Any] | None) -> str:
    if finding is None:
        return "无此条"
    numbers = "，".join(_read(k, v) for k, v in finding["reads"].items() if isinstance(v, int | float))
    return _OUTCOMES[finding["outcome"]] + (f"（{numbers}）" if numbers else "")


def _read(key: str, value: float) -> str:
    kind, _, quantity = key.rpartition(".")
    return f"{kinds.name(kind)} " + _QUANTITIES.get(quantity, "{v:.3f}").format(v=value)


def _short(entry: Mapping[str, Any] | None) -> str:
    return "无" if entry is None or not entry.get("sha256") else f"{entry.get('version')}·{entry['sha256'][:8]}"


def _shown(value: Any) -> str:
    return (
        {True: "是", False: "否", None: "无"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
    )
