"""Parts on disk: each whole chunk is kept as it is finished, so that a killed run goes on where it stood.

A folder holds ``manifest.json`` (what was asked, as a hash) and for each chunk ``results-000012.parquet`` and
``findings-000012.parquet``. Files appear whole or not at all; the results of a chunk are written last, so they say
that the chunk is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecozone._atomic import whole
from ecozone.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

#: Tables of a chunk, the one that says "done" last.
TABLES = ("findings", "results")


@dataclass(frozen=True)
class Parts:
    """The folder of a run."""

    folder: Path

    @classmethod
    def open(cls, folder: Path, asked: Mapping[str, Any], *, resume: bool) -> Parts:
        """Begin a run in a folder, or go on with one.

        Raises
        ------
        InputError
            What stands there was asked otherwise.
        """
        parts = cls(folder)
        manifest = folder / "manifest.json"
        if manifest.is_file() and resume:
            before = json.loads(manifest.read_text(encoding="utf-8"))
            other = sorted(k for k in {**before, **asked} if before.get(k) != asked.get(k))
            if other:
                names = "、".join(_ASKED.get(k, k) for k in other)
                raise InputError(f"不能续算：与上次相比，{names}已改变。请去掉 --resume 重新计算。")
            for leftover in folder.glob(".part-*"):
                leftover.unlink(missing_ok=True)
            return parts
        if folder.exists():
            if not manifest.is_file() and any(folder.iterdir()):
                raise InputError(f"文件夹“{folder}”里已有别的文件，请换一个输出位置。")
            shutil.rmtree(folder)
        with whole(manifest) as part:
            part.write_text(json.dumps(asked, ensure_ascii=False, sort_keys=True), encoding="utf-8")
        return parts

    def done(self, k: int) -> bool:
        """Say whether a chunk is whole."""
        return self._file("results", k).is_file()

    def write(self, k: int, tables: Mapping[str, pa.Table]) -> None:
        """Keep a chunk's tables."""
        import pyarrow.parquet as pq

        for name in TABLES:
            with whole(self._file(name, k)) as part:
                pq.write_table(tables[name], part, compression="zstd")

    def rows(self, k: int) -> int:
        """Return how many sites a finished chunk has."""
        import pyarrow.parquet as pq

        return int(pq.ParquetFile(self._file("results", k)).metadata.num_rows)

    def tables(self, name: str) -> Iterator[pa.Table]:
        """Yield a table's parts in order."""
        import pyarrow.parquet as pq

        for file in sorted(self.folder.glob(f"{name}-*.parquet")):
            yield pq.ParquetFile(file).read()

    def merge(self, name: str, target: Path) -> None:
        """Write all parts of a table as one file, a part at a time: readers see text where parts hold dictionaries."""
        import pyarrow.parquet as pq

        with whole(target) as part:
            writer = None
            try:
                for table in self.tables(name):
                    writer = writer or pq.ParquetWriter(part, table.schema, compression="zstd", store_schema=False)
                    writer.write_table(table.cast(writer.schema))
            finally:
                if writer is not None:
                    writer.close()

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)

    def _file(self, name: str, k: int) -> Path:
        return self.folder / f"{name}-{k:06d}.parquet"


_ASKED = {
    "sites": "项目表",
    "atlas": "图集",
    "books": "规则",
    "as_of": "判定日期",
    "given": "各行共有的事实",
    "chunk": "分块大小",
    "crs": "坐标系",
    "ecozone": "程序版本",
}
