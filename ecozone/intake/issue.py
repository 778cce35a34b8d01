"""What intake has to say about a file: named issues with a severity, a count, the features and who must act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Severities, worst first. An *error* keeps the data out, a *warning* states a decision or a repair, *info* a fact.
SEVERITIES = {"error": "错误", "warning": "注意", "info": "说明"}
#: Who has to act.
WHO = {"provider": "数据提供单位", "importer": "导入人员", "nobody": "无须处理"}

#: Rows of a table that gave no place, and what is wrong with them.
PLACELESS_ROWS = {"rows-without-place": "坐标空白", "row-refused": "坐标写法有误"}

#: code -> (severity, who must act, title)
CODES: dict[str, tuple[str, str, str]] = {
    # the file
    "encoding-inferred": ("warning", "importer", "未声明文字编码，按内容推断"),
    "encoding-contradicts": ("warning", "provider", "声明的文字编码与内容不符"),
    "encoding-mixed": ("warning", "provider", "同一文件混用两种文字编码"),
    "encoding-unclear": ("error", "importer", "文字编码有两种可能，需要指定"),
    "mojibake-undone": ("warning", "provider", "乱码已还原"),
    "text-lost": ("warning", "provider", "文字已损坏，无法还原"),
    "text-truncated": ("warning", "provider", "文字在字段长度处被截断"),
    "shx-missing": ("info", "nobody", "缺少 .shx，已按 .shp 逐条读取"),
    "dbf-missing": ("warning", "provider", "缺少 .dbf，没有属性"),
    "rows-differ": ("warning", "provider", "图形与属性的条数不同"),
    "prj-unreadable": ("warning", "provider", ".prj 无法识别"),
    "network-link": ("warning", "provider", "KML 指向外部文件，未读取"),
    "layer-chosen": ("warning", "importer", "文件有多个图层，只读取其中一个"),
    "style-dropped": ("info", "nobody", "图层中与几何无关的内容未读取"),
    "accuracy-unknown": ("warning", "importer", "没有说明坐标精度"),
    # where
    "crs-inferred": ("warning", "importer", "未声明坐标系，按坐标数值推断"),
    "crs-contradicts": ("warning", "provider", "声明的坐标系与坐标数值不符"),
    "crs-prefix": ("warning", "provider", "带号前缀与声明的坐标系不符"),
    "crs-twin": ("info", "nobody", "3 度带与 6 度带同一中央经线，坐标相同"),
    "crs-by-place": ("warning", "importer", "由所在区域确定带号"),
    "crs-overridden": ("warning", "importer", "按指定的坐标系读取，与文件声明不同"),
    "axes-swapped": ("warning", "provider", "X、Y（经度、纬度）颠倒，已对调"),
    "datum-assumed": ("info", "nobody", "WGS84 与 CGCS2000 相差分米级，视为一致"),
    "datum-unshifted": ("warning", "importer", "旧坐标系未经参数转换"),
    "datum-converted": ("warning", "importer", "旧坐标系已按文件内参数转换"),
    "gcj02-converted": ("warning", "importer", "火星坐标（GCJ-02）已还原"),
    "bd09-converted": ("warning", "importer", "百度坐标（BD-09）已还原"),
    "gcj02-suspected": ("error", "provider", "疑似火星坐标（GCJ-02）"),
    "bd09-suspected": ("error", "provider", "疑似百度坐标（BD-09）"),
    "shift-suspected": ("error", "provider", "整体偏移"),
    "place-outside": ("error", "provider", "不在图集所在区域内"),
    "place-partly-outside": ("warning", "provider", "部分要素在图集所在区域之外"),
    # geometry
    "geometry-null": ("warning", "provider", "要素没有几何，已略过"),
    "geometry-empty": ("warning", "provider", "几何为空，已略过"),
    "geometry-dimension": ("error", "provider", "几何类型与图层类别不符"),
    "geometry-mixed": ("warning", "provider", "点、线、面混在一起"),
    "geometry-z": ("info", "nobody", "高程（Z/M）未读取"),
    "geometry-curve": ("warning", "provider", "曲线已折为线段"),
    "geometry-unsupported": ("warning", "provider", "不支持的几何类型，已略过"),
    "geometry-damaged": ("warning", "provider", "几何数据已损坏，已略过"),
    "ring-invalid": ("warning", "provider", "边界自相交，已修复"),
    "ring-refused": ("error", "provider", "边界自相交，修复会明显改变面积"),
    "ring-unclosed": ("warning", "provider", "边界未闭合，已闭合"),
    "ring-collapsed": ("warning", "provider", "边界退化（少于三个不同的点），已略过"),
    "line-closed-area": ("warning", "importer", "闭合多段线已按面读取"),
    "duplicate-zone": ("warning", "provider", "要素重复"),
    "overlap": ("warning", "provider", "要素相互重叠"),
    "gap": ("warning", "provider", "全覆盖图层有缝隙"),
    "sliver": ("warning", "provider", "细碎多边形"),
    # attributes
    "field-matched": ("info", "nobody", "字段已对应"),
    "field-missing": ("error", "importer", "缺少必填字段"),
    "field-ambiguous": ("error", "importer", "一个字段有多个候选，需要指定"),
    "field-unused": ("info", "nobody", "未用到的字段，原样保留"),
    "field-reserved": ("info", "nobody", "字段名与内部列名相同，已改名保留"),
    "id-made": ("warning", "provider", "没有编号字段，已按顺序编号"),
    "id-repeated": ("warning", "provider", "编号重复，已加序号"),
    "value-missing": ("error", "provider", "必填字段有空值"),
    "value-unknown": ("error", "provider", "取值不在代码表内"),
    "value-unreadable": ("warning", "provider", "取值无法识别，已置空"),
    "code-grammar": ("error", "provider", "编码不符合编码规则"),
    "code-county": ("warning", "provider", "编码中的区县代码不是本区域"),
    "code-historic": ("info", "nobody", "编码用的是历史区县代码，已接受"),
    "code-category": ("error", "provider", "编码中的类别位与类别字段矛盾"),
    "date-unreadable": ("warning", "provider", "日期无法识别，已置空"),
    "period-reversed": ("error", "provider", "有效期起止颠倒"),
    "area-differs": ("warning", "provider", "登记面积与图形面积不一致"),
    "area-unit": ("info", "nobody", "面积单位按数值推断"),
    "area-shrunk": ("error", "importer", "面积比上一版本或规划数减少"),
    "extent-shrunk": ("warning", "importer", "面积、长度或个数比上一版本减少"),
    "features-missing": ("warning", "importer", "上一版本的要素在这一版里没有"),
    "geometry-reduced": ("warning", "importer", "上一版本是面（线），这一版只有线（点）"),
    "version-unused": ("error", "importer", "版本排在另一版之前，不会被采用"),
    "atlas-damaged": ("error", "importer", "图层文件损坏"),
    # boundary-point TXT
    "txt-head-missing": ("warning", "provider", "没有[属性描述]"),
    "txt-count": ("warning", "provider", "界址点数与实际不符"),
    "txt-zone-empty": ("warning", "provider", "带号为空，由坐标前缀确定"),
    "txt-zone-contradicts": ("warning", "provider", "带号与坐标前缀矛盾"),
    "txt-placeholder": ("warning", "provider", "模板占位文字未填写"),
    "txt-parts": ("info", "nobody", "地块圈号按包含关系判定内外环"),
    "txt-packed-dms": ("warning", "importer", "坐标为度分秒连写"),
    "txt-fullwidth": ("info", "nobody", "全角字符已转为半角"),
    "txt-precision": ("info", "nobody", "精度取自文件"),
    # tables
    "row-refused": ("error", "provider", "坐标写法不完整"),
    "rows-without-place": ("warning", "provider", "没有坐标的行，已略过"),
}  # fmt: skip


@dataclass(frozen=True)
class Issue:
    """One thing intake found.

    Parameters
    ----------
    code : str
        A key of `CODES`.
    message : str
        A Chinese sentence with the figures.
    count : int
        How many features or values are concerned; 1 for the file as a whole.
    features : tuple of str
        The first few of them, by id or row.
    severity : str
        ``error``, ``warning`` or ``info``; by default what `CODES` says.
    """

    code: str
    message: str
    count: int = 1
    features: tuple[str, ...] = ()
    severity: str = field(default="")

    def __post_init__(self) -> None:
        if not self.severity:
            object.__setattr__(self, "severity", CODES[self.code][0])
        object.__setattr__(self, "features", tuple(str(f) for f in self.features[:20]))

    @property
    def who(self) -> str:
        """Who must act: ``provider``, ``importer`` or ``nobody``."""
        return CODES[self.code][1]

    @property
    def who_label(self) -> str:
        """Who must act, in Chinese."""
        return WHO[self.who]

    @property
    def severity_label(self) -> str:
        """Severity in Chinese."""
        return SEVERITIES[self.severity]

    @property
    def title(self) -> str:
        """What the code means, in Chinese."""
        return CODES[self.code][2]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**asdict(self), "features": list(self.features), "who": self.who, "title": self.title}


def ordered(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return issues worst first, equal ones once, otherwise in the order they were found.

    What was said of the rows of a table is not said again of the features made of them.
    """
    ranks = list(SEVERITIES)
    found = list(dict.fromkeys(issues))
    told = sum(i.count for i in found if i.code in PLACELESS_ROWS)
    left = [i for i in found if i.code != "geometry-null" or i.count > told]
    return tuple(sorted(left, key=lambda i: ranks.index(i.severity)))


def errors(issues: Sequence[Issue], acknowledged: Iterable[str] = ()) -> list[Issue]:
    """Return the errors that nobody has acknowledged."""
    known = set(acknowledged)
    return [i for i in issues if i.severity == "error" and i.code not in known]
