"""Figures: a true scale bar, the belt that was measured, Chinese that is no box, a mark on sample data."""

from __future__ import annotations

import io

import numpy as np
import pytest
import shapely
from PIL import Image
from reports import KINDS, answer

from ecozone.crs import geod
from ecozone.report import figures as drawing
from ecozone.report.canvas import Canvas
from ecozone.report.messages import Say
from ecozone.report.style import styles


@pytest.mark.parametrize("kind", KINDS)
def test_three_figures_with_their_captions(kind: str) -> None:
    made = drawing.figures(answer(kind))
    assert [name for name, _ in made] == ["units", "redline", "water"]
    for _, figure in made:
        picture = Image.open(io.BytesIO(figure.png))
        assert picture.size == (1110, 750)
        assert len(np.unique(np.asarray(picture.convert("L")))) > 20
        assert figure.caption.endswith("图")


def test_pictures_are_the_same_each_time() -> None:
    say = Say()
    assert drawing.water_figure(answer("prohibited"), say) == drawing.water_figure(answer("prohibited"), say)


@pytest.mark.parametrize(
    "bounds", [(103.56, 29.39, 103.57, 29.40), (104.7, 29.5, 105.1, 29.7), (122.0, 52.9, 122.1, 53.0)]
)
def test_the_scale_bar_is_true_on_the_ellipsoid(bounds: tuple[float, float, float, float]) -> None:
    canvas = Canvas(bounds, 1500.0)
    (a, b) = canvas.plane.inverse(canvas.scale_ends())
    _, _, metres = geod().inv(a[0], a[1], b[0], b[1])
    assert metres == pytest.approx(canvas.scale_m(), rel=1e-9)
    left, _, right, _ = canvas.box
    assert 0.08 < canvas.scale_m() / (right - left) <= 0.25


def test_the_belt_drawn_is_the_one_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    original = Canvas.draw
    monkeypatch.setattr(Canvas, "draw", lambda self, g, look, **k: drawn.append((g, k)) or original(self, g, look, **k))
    of = answer("prohibited")
    drawing.water_figure(of, Say())
    belts = [p for p in of.pictures if p.belt is not None and p.rules]
    assert belts
    for p in belts:
        said = [k for g, k in drawn if g is p.belt]
        assert said and said[0]["label"] == f"{p.belt_m:,.0f} 米距离带（按测算）"
        near = shapely.get_coordinates(p.belt)
        assert len(near) > 50


def test_legend_says_what_is_missing_or_absent() -> None:
    canvas = Canvas((103.56, 29.39, 103.57, 29.40), 500.0)
    assert not canvas.draw(shapely.Point(100, 20), styles().marks["site"], label="x")
    assert canvas.draw(shapely.Point(103.565, 29.395), styles().marks["site"], label="y")
    canvas.note("生态保护红线：图集未载入此图层")
    png = canvas.png(notes=["甲", "乙"], mark="示例数据", north="北", legend="图例")
    assert png.startswith(b"\x89PNG")
    assert set(canvas._legend) == {"y", "生态保护红线：图集未载入此图层"}


def test_public_figures_are_marked_and_raster() -> None:
    for _, figure in drawing.figures(answer("undetermined").public()):
        assert "示意图" in figure.caption
        assert figure.png.startswith(b"\x89PNG")


def test_a_public_figure_never_claims_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    original = Canvas.note
    monkeypatch.setattr(Canvas, "note", lambda self, text: said.append(text) or original(self, text))
    drawing.redline_figure(answer("undetermined").public(), Say())  # the red line is 7 km off, and cut away
    assert said == ["生态保护红线：公开版不绘出"]
