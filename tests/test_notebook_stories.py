"""Each notebook runs from a clean kernel, says nothing on stderr, and shows what its story promises."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
STORIES = {
    "1-一个项目的符合性分析": ["prohibited", "长江保护法", "移动", "<iframe"],
    "3-导入一个真实的烂shapefile": ["image/png"],
    "4-化工园区能放在哪里": ["不符合", "image/png", "长江干支流"],
    "5-法典施行前后": ["生态环境法典", "image/png"],
    "6-十万个点的筛查": ["2000 个点", "prohibited", "image/png"],
    "7-写一条自己的规则": ["hit", "within_distance", "<iframe"],
}


@pytest.mark.xdist_group("notebooks")
@pytest.mark.parametrize("name", STORIES)
def test_a_notebook_tells_its_story(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    shown = ""
    for cell in notebook.cells:
        for out in cell.get("outputs", []):
            assert out.output_type != "error"
            if out.get("name") == "stderr":
                assert "Traceback" not in out.text
            data = out.get("data", {})
            shown += out.get("text", "") + "".join(map(str, data.values())) + " ".join(data)
    for words in STORIES[name]:
        assert words in shown, words
