"""Joins what the rulebooks' authors say of every row of the plans into docs/rules/traceability.csv.

The authors keep one file a plan (``traceability-SW.csv`` …: row, rules, reason). The joined file adds what the row
itself says: whether it decides about a site, with which effect, for which natures, industries, facilities and facts,
and how far it looks (``?``: the plan gives no figure). These columns are kept by hand.

    python tests/traceability.py        # rewrites the joined file after the authors' files have changed
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "rules"
TABLE = FOLDER / "traceability.csv"
PLANS = ("SW", "LZ", "LJ", "NJ", "SZ")
COLUMNS = ("id", "section", "siting", "rules", "effect", "natures", "concerns", "distance_m", "reason")
#: Columns that the joined file itself keeps.
OWN = ("section", "siting", "effect", "natures", "concerns", "distance_m")


def sources() -> dict[str, dict[str, str]]:
    """Return the authors' rows by id."""
    out = {}
    for plan in PLANS:
        with (FOLDER / f"traceability-{plan}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row["row"] not in out, f"{row['row']} stands twice"
                out[row["row"]] = row
    return out


def table() -> dict[str, dict[str, str]]:
    """Return the joined file's rows by id."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def joined() -> str:
    """Return what the joined file should be."""
    kept = table()
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row, told in sources().items():
        own = {c: kept.get(row, {}).get(c, "") for c in OWN}
        writer.writerow({"id": row, **own, "rules": told["rules"], "reason": told["reason"]})
    return out.getvalue()


if __name__ == "__main__":
    TABLE.write_text(joined(), encoding="utf-8")
