"""YAML for people, JSON for the program: compile once, keep by content hash in the user's cache.

Parsing the books as YAML costs a second; their compiled JSON two milliseconds. The key is a hash of the texts, of
ecozone's version and of `COMPILER`, so a changed file is never answered from the cache; a cache that cannot be
written is simply not used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from ecozone._atomic import whole
from ecozone._version import __version__

logger = logging.getLogger("ecozone")

#: Changes when the compiled form changes without a new version.
COMPILER = 2


class YAMLError(ValueError):
    """A text is not YAML; the message says where."""


class TextFile(Protocol):
    """A file on disk or in a package."""

    @property
    def name(self) -> str:
        """Return the file's name."""

    def read_text(self, encoding: str = ...) -> str:
        """Return the file's text."""


def cache_folder() -> Path:
    """Return the user's cache folder of ecozone (``ECOZONE_CACHE`` overrides)."""
    if os.environ.get("ECOZONE_CACHE"):
        return Path(os.environ["ECOZONE_CACHE"])
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("ecozone", appauthor=False))


def load(files: Iterable[TextFile], compile: Callable[[Mapping[str, str]], Any]) -> Any:
    """Return the compiled form of some texts, from the cache when it is there.

    Parameters
    ----------
    files : iterable of files
        Read as UTF-8, in order.
    compile : callable
        ``compile({file name: text})`` -> plain JSON values. Called when nothing is cached; its errors pass through.
    """
    texts = {f.name: f.read_text(encoding="utf-8-sig") for f in files}
    digest = hashlib.sha256(json.dumps([__version__, COMPILER, texts], ensure_ascii=False).encode()).hexdigest()
    path = cache_folder() / "compiled" / f"{digest}.json"
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        pass
    value = compile(texts)
    _write(path, json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return value


def _write(path: Path, text: str) -> None:
    """Write a cache file; a folder that cannot be written is no reason to fail."""
    try:
        with whole(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        logger.debug("compiled form not cached: %s", error)


def parse_yaml(text: str) -> Any:
    """Parse YAML safely; dates stay dates.

    Raises
    ------
    YAMLError
        The text is not YAML.
    """
    return parse_yaml_with_lines(text)[0]


def parse_yaml_with_lines(text: str) -> tuple[Any, dict[tuple[Any, ...], int]]:
    """Parse YAML and say on which line each node begins.

    Returns
    -------
    value : object
    lines : dict
        Path of a node (keys and positions) to its line, from 1.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        lines: dict[tuple[Any, ...], int] = {}
        _walk(node, (), lines, yaml)
        value = loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行，" if mark else ""
        problem = str(getattr(error, "problem", None) or "")
        raise YAMLError(where + ("写法有误" if problem.isascii() else problem)) from error
    finally:
        loader.dispose()
    return _plain(value), lines


def _walk(node: Any, path: tuple[Any, ...], lines: dict[tuple[Any, ...], int], yaml: Any) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"键“{key.value}”写了两次", key.start_mark)
            seen.add(key.value)
            _walk(value, (*path, key.value), lines, yaml)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _walk(value, (*path, i), lines, yaml)


def _plain(value: Any) -> Any:
    """Turn dates into ISO text, so that what is compiled is plain JSON."""
    if isinstance(value, Mapping):
        return {(k if isinstance(k, str) else str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
