"""HTML reports in a headless Chromium without a network: whole, readable, nothing fetched, nothing cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import browser
from reports import KINDS, answer, numbers, squeezed

pytestmark = [pytest.mark.chromium, pytest.mark.xdist_group("chromium")]


def test_html_reports_stand_on_their_own(tmp_path: Path) -> None:
    with browser() as chromium:
        for kind in KINDS:
            page = chromium.open(answer(kind).report(tmp_path / f"{kind}.html", figures=kind == "prohibited"))
            assert page.requests == []
            assert page.troubles == []
            read = squeezed(page.run("document.body.innerText"))
            assert not [said for _, said in numbers(answer(kind).to_dict()) if squeezed(said) not in read]
            assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
            cut = "[...document.querySelectorAll('td, th')].filter(c => c.scrollWidth > c.clientWidth + 1).length"
            assert page.run(cut) == 0
            empty = "[...document.querySelectorAll('h2')].filter(h => !h.nextElementSibling).length"
            assert page.run(empty) == 0
            if kind == "prohibited":
                assert page.run("[...document.images].every(i => i.complete && i.naturalWidth > 1000)")
                assert page.run("document.images.length") == 3
            page.close()
