"""A kept record as a page shows it: grouped, labelled, each question with its field. Nothing is judged here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ecozone import kinds, words
from ecozone.asked import Asked
from ecozone.assessment import VERDICTS, Open
from ecozone.override import reached, still_open
from ecozone.report import wording
from ecozone.report.style import styles
from ecozone.revision import finding_of, overrides_of
from ecozone.rules.model import EFFECTS
from ecozone.words.values import check_fact

#: How a row of an access list stands, what needs the officer first.
STANDING = ("不符合", "无法判定", "符合", "不涉及")
#: What the state of a job is called.
STATES = {"running": "正在进行", "done": "已完成", "failed": "没有完成", "cancelled": "已取消", "lost": "没有完成"}
#: Consequences shown of each question.
_BRANCHES = 3
#: What the command line calls an option is a field of the form here.
_SPOKEN = [
    (re.compile(pattern), said)
    for pattern, said in (
        (r"（--[^）]*）|，如 --[^。，]*", ""),
        (r"请?用 --crs ((?:EPSG:\d+|GCJ02|BD09|DDD\.MMSS)(?:[ 、或]+(?:EPSG:\d+|GCJ02|BD09|DDD\.MMSS))*) ?指[定明]",
         r"请在“坐标系”一栏填 \1"),
        (r"用 --crs (\S+) 重新读取", r"在“坐标系”一栏填 \1，重新读取"),
        (r"请加上 --crs ", "请在“坐标系”一栏填 "),
        (r"用 ?(?:--crs |crs= ?)指[定明](?:正确的)?(?:坐标系)?", "在“坐标系”一栏填写坐标系"),
        (r"按 --crs 指定的", "按填写的"),
        (r"--crs 指定为 ?", "坐标系填的是 "),
        (r"例如 --crs ", "例如 "),
        (r"用 --extent 给出", "在“点位用地范围”一栏填写"),
        (r"用 --site-accuracy 给出", "在“坐标精度”一栏填写"),
        (r"用 --part \S+=位置 给出", "在“别处的设施”里填写位置"),
        (r"用 --layer 指定一个", "只上传其中一个"),
        (r"用 --encoding UTF-8 或 --encoding GBK 指定", "另存为 UTF-8 编码后再上传"),
        (r"--as-of", "“判定日期”"),
    )
]  # fmt: skip
_POINTS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
_NO_FIELD = {
    "layer": "须由图集管理员导入", "coverage": "须由图集管理员导入", "half_width": "须由图集管理员补充",
    "parameter": "须由图集管理员设置", "instrument": "须人工核对", "access_list": "须由图集管理员导入",
    "accuracy": "须实测", "outline": "须提供用地红线", "ground": "须人工核对", "raster": "须由图集管理员导入",
    "raster_cover": "须由图集管理员补充", "raster_accuracy": "须实测",
}  # fmt: skip


def result(record: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the result page shows."""
    hits = [f for f in record["findings"] if f["outcome"] == "hit"]
    struck = {(o["rule"], o["part"]) for o in record["overrides"] if o["zone"] is None}
    weak = [f for f in hits if _weak(f)]
    groups: dict[tuple[bool, str], list[Mapping[str, Any]]] = {}
    for finding in sorted(hits, key=lambda f: (_weak(f), -EFFECTS[f["effect"]][0])):
        shown = {
            **finding,
            "zones": list(_zones(finding["where"])),
            "struck": (finding["rule"], finding["part"]) in struck,
            "place": part_name(finding["part"]),
        }
        groups.setdefault((_weak(finding), finding["effect"]), []).append(shown)
    counted = Counter(f["outcome"] for f in record["findings"])
    after = record["after_overrides"]
    return {
        "verdict": record["verdict"],
        "verdict_text": VERDICTS[record["verdict"]],
        "after_text": VERDICTS[after["verdict"]] if record["overrides"] else None,
        "after": after["verdict"],
        "settled": after["complete"],
        "groups": [(alone, EFFECTS[e][1], EFFECTS[e][0], found) for (alone, e), found in groups.items()],
        "hits": len(hits) - len(weak),
        "weak": len(weak),
        "weak_why": list(dict.fromkeys(m for f in weak for m in f["marks"])),
        "clear": [f for f in record["findings"] if f["outcome"] == "clear"],
        "apart": counted["not_applicable"],
        "units": [{**u, "amount": _amount(u)} for u in record["units"]],
        "requirements": _rows(record),
        "standing": Counter(r["conformity"] for r in record["requirements"]),
        **questions(*_standing(record, asked)),
        "project": project(record),
        "assumed": _assumed(record),
        "parameters": [p for p in record["parameters"] if p["value"] is not None],
        "absent": [x["name"] for x in record["layers"] if x["version"] is None],
        "neighbours": [{**n, "says": _apart(n)} for n in record["neighbours"] if n.get("outcome") == "found"],
    }


def _standing(record: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return a record, and what is to be asked now, later or never, as its overrides leave them."""
    strokes = overrides_of(record)
    if not strokes:
        return record, asked
    findings = [finding_of(f) for f in record["findings"]]
    opened = [Open(o["what"], o["label"], o["question"], tuple(o["rules"]), o["worst"], tuple(o["if"]))
              for o in record["open"]]  # fmt: skip
    left = still_open(opened, findings, strokes)
    found = Asked.sort(left, reached(findings, strokes))
    now = [o.what for some in found.now.values() for o in some]
    told = {"now": now, "later": [o.what for o in found.later], "idle": [o.what for o in found.idle]}
    return {**record, "open": [o.to_dict() for o in left]}, told


def _weak(finding: Mapping[str, Any]) -> bool:
    """Say whether a hit decides nothing alone (SEMANTICS 4): it asks for something, its text or period is not sure."""
    return EFFECTS[finding["effect"]][0] > 0 and not finding["firm"]


def project(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is known of the project, by label."""
    p = record["project"]
    ground = "点位"
    if p["area_m2"] is not None:
        ground = f"{wording.area(p['area_m2'])}（{p['area_m2'] / (2000 / 3):,.2f} 亩）"
    elif p["length_m"] is not None:
        ground = f"线状，长 {wording.metres(p['length_m'])}"
    facilities = [words.facility(k).name for k in (*p["facilities"], *p["has"])]
    facts = [f"{words.fact(k).name}：{words.fact(k).label(v)}" for k, v in p["facts"].items()]
    main = record["parts"][0]
    rows = [
        ("性质", words.nature(p["nature"]).name if p["nature"] else "未提供"),
        ("行业", "；".join(f"{c} {words.name_of(c)}" for c in p["industries"]) or "未提供"),
        ("设施", _facilities(list(dict.fromkeys(facilities)), p["facilities_closed"])),
        ("事实", "；".join(facts)),
        ("用地", f"{ground}，{_exact(main['accuracy_m'])}"),
        ("读取", "；".join(a["text"] for a in record["assumptions"] if a["about"] == "site")),
        ("判定日期", record["as_of"]),
        ("图集", f"{record['region']['name']}（{record['region']['code']}）"),
    ]
    return [(k, v) for k, v in rows if v]


def _exact(accuracy_m: float) -> str:
    """Return an accuracy as the command line does, never as a false ±0.0."""
    fine = f"{accuracy_m:,.1f}" if accuracy_m >= 1 else f"{accuracy_m:.1g}"
    return f"坐标精度 ±{fine} 米" if accuracy_m else "坐标精度按 0 米计"


def _facilities(names: list[str], closed: bool) -> str:
    if not closed:
        return "、".join(names)
    return "、".join(names) + "（此外没有）" if names else "没有特定设施"


def questions(record: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is missing: single questions with their field, facilities in one table, what cannot be typed here."""
    by_what = {o["what"]: o for o in record["open"]}
    single, facilities, others = [], [], []
    for what in asked["now"]:
        item = by_what.get(what)
        head = what.partition(":")[0]
        if item is None or head == "access_row":
            continue
        if head == "facility":
            facilities.append((what.partition(":")[2], words.facility(what.partition(":")[2]).name))
        elif head in _NO_FIELD or what in ("outside_admin", "control_unit"):
            others.append({**item, "question": plain(item["question"]), "who": _NO_FIELD.get(head, "须核对数据")})
        else:
            single.append(
                {**item, "question": plain(item["question"]), "field": _field(what), "if": item["if"][:_BRANCHES]}
            )
    return {
        "single": single, "facilities": facilities, "others": others,
        "later": [by_what[w]["label"] for w in asked["later"] if w in by_what],
        "idle": [by_what[w]["label"] for w in asked["idle"] if w in by_what],
    }  # fmt: skip


def _field(what: str) -> dict[str, Any]:
    head, _, name = what.partition(":")
    if what == "nature":
        return {"name": "nature", "type": "choice", "values": {t.key: t.name for t in words.natures().values()}}
    if what == "stage":
        return {"name": "stage", "type": "choice", "values": {t.key: t.name for t in words.stages().values()}}
    if what == "industry":
        return {"name": "industry", "type": "industry"}
    if what == "extent_m":
        return {"name": "extent_m", "type": "number", "unit": "米"}
    if head == "part":
        return {"name": f"part.{name}", "type": "text", "hint": "经度,纬度"}
    fact = words.fact(what)
    field: dict[str, Any] = {"name": f"fact.{what}", "type": fact.type, "unit": fact.unit}
    if fact.type == "bool":
        field |= {"type": "choice", "values": {"yes": "是", "no": "否"}}
    elif fact.type == "choice":
        field["values"] = dict(fact.values)
    elif fact.type == "document":
        field["hint"] = "文号或文件名；没有请填“无”"
    return field


def plain(question: str) -> str:
    """Return a sentence without what has to be typed on a command line: options are fields here."""
    text = question
    for pattern, said in _SPOKEN:
        text = pattern.sub(said, text)
    kept = [s for s in re.split(r"(?<=[。？])\s*", text) if s and "--" not in s and "ecozone " not in s]
    return "".join(kept).strip()


def _rows(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [{**r, "key": f"{r['unit']}/{r['id']}"} for r in record["requirements"]]
    return sorted(rows, key=lambda r: STANDING.index(r["conformity"]))


def _zones(where: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for zone in list(where)[:4]:
        amount = wording.extent(zone)
        yield f"{kinds.name(zone['kind'])} {zone['name']}（{zone['zone']}）：{amount}{_bearing(zone)}"


def _bearing(zone: Mapping[str, Any]) -> str:
    degrees = zone.get("bearing")
    return "" if degrees is None or not zone.get("distance_m") else f"，在项目{_POINTS[round(degrees / 45) % 8]}方"


def _apart(n: Mapping[str, Any]) -> str:
    return wording.metres(n["distance_m"]) + _bearing(n) if n["distance_m"] else "相接或重叠"


def _amount(unit: Mapping[str, Any]) -> str:
    if unit.get("possible"):
        return f"可能涉及，{wording.extent(unit)}"
    if unit["overlap_m2"] is not None:
        return wording.area(unit["overlap_m2"]) + (f"（{wording.percent(unit['share'])}）" if unit["share"] else "")
    return wording.metres(unit["overlap_m"]) if unit["overlap_m"] is not None else "点位所在"


def _assumed(record: Mapping[str, Any]) -> list[str]:
    idle = "：对本项目不适用"
    texts = [a["text"] for a in record["assumptions"] if a["about"] != "site"]  # of the site: said beside it
    unasked = [t.removesuffix(idle) for t in texts if t.endswith(idle)]
    return [t for t in texts if not t.endswith(idle)] + ([f"对本项目不适用：{'、'.join(unasked)}"] if unasked else [])


def searched(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what was looked for, by label."""
    listed = [k for k in asked["facilities"] or () if k != "none"]
    facts = [_fact(k, v) for k, v in asked["facts"].items()]
    rows = [
        ("性质", words.nature(asked["nature"]).name if asked["nature"] else "未提供"),
        ("行业", "；".join(_industry(c) for c in asked["industry"]) or "未提供"),
        ("设施", _facilities([words.facility(k).name for k in listed], "none" in (asked["facilities"] or ()))),
        ("事实", "；".join(facts)),
        ("连片面积不小于", wording.area(asked["min_area_m2"]) if asked["min_area_m2"] else ""),
        ("用地范围", wording.metres(asked["extent_m"]) if asked["extent_m"] else ""),
        ("范围", "图集中的指定范围" if asked["within"] else "图集全域"),
    ]
    return [(k, v) for k, v in rows if v]


def _industry(code: str) -> str:
    known = words.normalise(code)
    return f"{known} {words.name_of(known)}"


def _fact(name: str, value: Any) -> str:
    known, read = check_fact(name, value)
    return f"{words.fact(known).name}：{words.fact(known).label(read)}"


def ground(totals: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a map of ground is drawn with: verdicts with their colours, titles of rules."""
    looks = {k: v.colour for k, v in styles().verdicts.items()}
    return {
        "verdicts": {v["verdict"]: {"name": v["name"], "colour": looks[v["verdict"]]} for v in totals["verdicts"]},
        "titles": {r["rule"]: r["title"] for r in totals["rules"]},
    }


def part_name(name: str) -> str:
    """Return what a part is called; nothing for the main site."""
    kind, _, number = name.partition("#")
    if kind == "site":
        return ""
    return (words.facility(kind).name if kind in words.facilities() else kind) + number


def choices() -> dict[str, Any]:
    """Return the words that a form offers."""
    facilities: dict[str, list[tuple[str, str]]] = {}
    for f in words.facilities().values():
        facilities.setdefault(f.theme or "其他", []).append((f.key, f.name))
    facts: dict[str, list[tuple[str, str, str]]] = {}
    for fact in words.facts().values():
        said = (
            "、".join(fact.values.values())
            if fact.type == "choice"
            else fact.unit or {"bool": "是/否"}.get(fact.type, "")
        )
        facts.setdefault(fact.theme or "其他", []).append((fact.key, fact.name, said))
    return {
        "natures": [(t.key, t.name, t.meaning) for t in words.natures().values()],
        "stages": [t.key for t in words.stages().values()],
        "facilities": facilities,
        "facts": facts,
    }


def short() -> dict[str, str]:
    """Return each verdict in a few words."""
    return {k: v.short for k, v in styles().verdicts.items()}


def verdict_css() -> str:
    """Return the colours of verdicts as a style sheet: the ones of maps and reports."""
    return "\n".join(
        f".v-{k} {{ background: {v.colour}; color: {v.ink}; }}\n.e-{k} {{ border-color: {v.colour}; }}"
        for k, v in styles().verdicts.items()
    )
