"""Seven notebooks, numbered and named alike: each runs from a clean kernel and shows what its story promises."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
#: What each story shows: words of its answers, and how many pictures.
STORIES = {
    "1-一个项目的符合性分析": (["prohibited", "长江保护法", "移动", "<iframe", "ecozone.assessment/1"], 2),
    "2-保护区重叠与空白": (
        ["生态保护红线落在环境管控单元内：100.00%", "永久基本农田位于生态保护红线内", "县域内有未划入管控单元的用地",
         "无（已覆盖）", "21920000.0", "第26条第2款"],
        2,
    ),
    "3-导入一个真实的烂shapefile": (
        ["ÃÀÅ®·å", "GBK（按内容推断）", "EPSG:4523", "边界自相交", "图形完全相同", "2026-改", "面积相差 0.000"], 2,
    ),
    "4-化工园区能放在哪里": (["不符合", "长江干支流", "公顷", "不一致 0 个"], 2),
    "5-法典施行前后": (["结论变化 0 个", "条文更替", "prohibited → restricted", "生态保护红线”重划"], 1),
    "6-十万个点的筛查": (["2,000 个点", "prohibited", "不一致 0 个", "lonboard 地图：2,000 个点"], 2),
    "7-写一条自己的规则": (
        ["hit", "within_distance", "<iframe", "没有高程时： undetermined", "计及数据精度", "占地比例：100.0%"], 2,
    ),
}  # fmt: skip


def test_there_are_seven_and_they_are_numbered() -> None:
    assert sorted(p.stem for p in FOLDER.glob("*.ipynb")) == sorted(STORIES)
    listed = (FOLDER.parent / "docs" / "site" / "analyst.md").read_text(encoding="utf-8").replace(" ", "")
    for name in STORIES:
        assert name.replace("-", ".") in listed, name


@pytest.mark.parametrize("name", STORIES)
def test_a_notebook_is_committed_without_outputs(name: str) -> None:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert "示例数据，非法定边界" in "".join(c.source for c in notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize("name", STORIES)
def test_a_notebook_tells_its_story(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer points than `make notebooks` takes, as for time nothing else changes."""
    from nbclient import NotebookClient

    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.setenv("ECOZONE_SITES", "2000")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    shown, pictures = "", 0
    for cell in notebook.cells:
        for out in cell.get("outputs", []):
            assert out.output_type != "error"
            assert out.get("name") != "stderr", out.get("text")
            data = out.get("data", {})
            shown += out.get("text", "") + "".join(map(str, data.values()))
            pictures += "image/png" in data
    words, wanted = STORIES[name]
    for word in words:
        assert word in shown, word
    assert pictures >= wanted
