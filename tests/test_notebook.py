"""The notebooks run as they are, and carry no outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [n.name for n in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.xdist_group("notebooks")
def test_overlaps_notebook_tells_its_story(monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(FOLDER / "保护区重叠.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    shown = ""
    for cell in notebook.cells:
        for out in cell.get("outputs", []):
            assert out.output_type != "error"
            assert out.get("name") != "stderr", out.get("text")
            shown += out.get("text", "") + "".join(out.get("data", {}).get("text/html", ""))
    for words in (
        "图集：乐山市沙湾区（511111）",
        "示例数据，非法定边界",
        "无（已覆盖）",
        "生态保护红线落在环境管控单元内：100.00%",
        "background-color",
        "各类分区的重叠占比",
        "srcdoc",
        "不符合",
        "第26条第2款",
    ):
        assert words in shown, words
    assert "共 0 块" not in shown
    assert shown.count("<iframe") == 2
