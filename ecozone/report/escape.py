"""Escaping: the one place where a value from data becomes part of a page.

Leaflet writes tooltips, popups and the names in its layer control with ``innerHTML``; folium passes them on as they
are. So everything that comes from data (names, attributes, citations) is escaped here, in Python, before any of them
sees it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

#: Characters that end a JavaScript string, a template literal or a script element, beyond those of HTML.
_MORE = str.maketrans({"`": "&#96;", "$": "&#36;", "{": "&#123;", "}": "&#125;", "\u2028": " ", "\u2029": " "})
_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def text(value: Any) -> str:
    """Return a value as HTML text that is safe in an element, in an attribute and in a JavaScript template literal."""
    return html.escape("" if value is None else str(value), quote=True).translate(_MORE)


def attributes(**values: Any) -> str:
    """Return ``name="value"`` pairs; an underscore in a name is a hyphen."""
    return " ".join(f'{k.rstrip("_").replace("_", "-")}="{text(v)}"' for k, v in values.items() if v is not None)


def script(value: Any) -> Markup:
    """Return a value as a JavaScript literal that cannot end the script element it stands in."""
    out = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, code in _SCRIPT.items():
        out = out.replace(character, code)
    return Markup(out)


def table(rows: Mapping[str, Any]) -> str:
    """Return a two-column table of labels and values, both escaped; rows without a value are left out."""
    kept = ((k, v) for k, v in rows.items() if v is not None and str(v) != "")
    body = "".join(f"<tr><th>{text(k)}</th><td>{text(v)}</td></tr>" for k, v in kept)
    return f"<table>{body}</table>" if body else ""
