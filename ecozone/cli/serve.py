"""`ecozone serve`: the local web page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ecozone.cli.command import Command
from ecozone.cli.run import say
from ecozone.errors import InputError, MissingDependencyError

_HELP = """在本机打开网页：画出或上传用地，填写项目情况，核对并下载结论。

缺省只在本机（127.0.0.1）可以访问；要让其他电脑访问，必须用 --token-file 指定口令文件。
"""


@click.command("serve", cls=Command, help=_HELP, short_help="在本机打开网页，供不用命令行的人员核对")
@click.option(
    "--atlas", required=True, metavar="DIR", help="图集文件夹，例如 data/boundaries/511111，或 postgresql://…。"
)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="监听的地址，缺省 127.0.0.1（只限本机）。")
@click.option("--port", default="8765", metavar="N", help="端口，缺省 8765。")
@click.option("--token-file", metavar="FILE", help="口令文件；监听其他地址时必须给出。")
@click.option("--data", metavar="DIR", help="结果库文件夹，缺省在用户数据目录；图集在 PostGIS 中时缺省存入同一数据库。")
@click.option("--workers", metavar="N", help="计算进程数，缺省为处理器数，最多 4 个。")
@click.option("--rate", default="1200", metavar="N", help="同一地址每分钟最多请求次数，缺省 1200；0 为不限。")
@click.option("--keep-uploads", is_flag=True, help="保留上传的文件；缺省用完即删。")
def serve(atlas: str, host: str, port: str, token_file: str | None, data: str | None, **given: Any) -> int:
    """Serve the desk until somebody ends it."""
    try:
        import uvicorn

        from ecozone.web.app import create_app
    except ImportError as error:
        if (error.name or "").startswith("ecozone"):  # a defect, nothing to install
            raise
        raise MissingDependencyError(f'网页需要 {error.name}，请安装：pip install "ecozone[web]"。') from None
    from ecozone._screen import processors
    from ecozone.atlas import open_atlas
    from ecozone.postgis import is_address
    from ecozone.web.settings import Settings, read_token

    opened = open_atlas(atlas)
    settings = Settings(
        atlas=atlas if is_address(atlas) else Path(atlas).resolve(),
        data=Path(data) if data else _data_folder(),
        results=atlas if is_address(atlas) and not data else "",
        host=host,
        port=_number("--port", port, 1, 65_535),
        token=read_token(token_file) if token_file else None,
        workers=_number("--workers", given["workers"], 1, 64) if given["workers"] else processors(),
        rate=_number("--rate", given["rate"], 0, 1_000_000),
        keep_uploads=given["keep_uploads"],
    ).checked()
    app = create_app(settings)
    shown = "（这台电脑的地址）" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    kept = "与图集在同一数据库" if settings.results else settings.data
    say(f"图集 {opened.name}（{opened.region}），结果库 {kept}")
    say(f"请在浏览器打开 http://{shown}:{settings.port}/ ，按 Ctrl-C 结束。")
    uvicorn.run(
        app, host=host, port=settings.port, log_level="warning", access_log=False, server_header=False,
        timeout_keep_alive=30, limit_concurrency=1000, proxy_headers=False,
    )  # fmt: skip
    return 0


def _data_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("ecozone"))


def _number(option: str, text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise InputError(f"{option} “{text}”有误，应为 {least} 到 {most} 的整数。")
    return int(text)
