"""Write the page of layer and raster kinds from the registries: ``python docs/kinds_page.py``."""

from __future__ import annotations

from pathlib import Path

from ecozone import kinds
from ecozone.words.rasters import surfaces


def page() -> str:
    """Return the page."""
    lines = ["# 图层类别 · Layer kinds", "", "| kind | 名称 | 字段 |", "|---|---|---|"]
    for key in kinds.registry():
        spec = kinds.get(key)
        columns = "、".join(f"`{c}` {v.name}" for c, v in spec.columns.items())
        lines.append(f"| `{key}` | {spec.name} | {columns} |")
    lines += ["", "## 栅格 · Rasters", "", "| kind | 名称 | 单位 | 由什么计算 |", "|---|---|---|---|"]
    for key, surface in surfaces().items():
        lines.append(f"| `{key}` | {surface.name} | {surface.unit or '代码'} | {surface.of and f'`{surface.of}`'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "site" / "kinds.md").write_text(page(), encoding="utf-8")
