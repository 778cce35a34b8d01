"""Click in Chinese: help pages set like the other output, usage errors as one sentence that says what to do."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import click

from ecozone.cli.layout import columns, labelled, wrap
from ecozone.errors import did_you_mean

_HELP = "显示这段说明。"


class _Chinese(click.Command):
    """Help with Chinese headings and line breaks."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help`` in Chinese."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _HELP
        return option

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help page."""
        lines = [f"用法：{ctx.command_path} {' '.join(self.collect_usage_pieces(ctx))}", ""]
        for paragraph in (self.help or "").strip().split("\n\n"):
            if paragraph.startswith("\b"):
                lines += [*paragraph.splitlines()[1:], ""]
            else:
                lines += [*wrap(re.sub(r"\n\s*", "", paragraph), columns()), ""]
        for heading, entries in self.sections(ctx):
            if entries:
                lines += [f"{heading}："]
                column = min(34, 4 + max(len(name) for name, _ in entries))
                for name, text in entries:
                    lines += labelled(name, text, indent=2, column=column)
                lines += [""]
        formatter.write("\n".join(lines[:-1]) + "\n")

    def sections(self, ctx: click.Context) -> Iterable[tuple[str, list[tuple[str, str]]]]:
        """Yield headings with their entries (what to type, what it does)."""
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        records = [r for r in (p.get_help_record(ctx) for p in options) if r is not None]
        yield "选项", [(name, text.replace("  [required]", "必填。")) for name, text in records]

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what follows the command's name."""
        pieces = super().collect_usage_pieces(ctx)
        return ["[选项]…" if p == "[OPTIONS]" else p for p in pieces]


#: How every command may end besides its own ways (SEMANTICS 1).
EXITS: Mapping[int, str] = {2: "输入或用法有误，没有结果", 70: "程序内部出错", 130: "被中断"}


class Command(_Chinese):
    """A command with Chinese help.

    Parameters
    ----------
    exits : mapping of int to str, optional
        What its own exit statuses mean; 0 alone when it only ever does what it is asked.
    """

    def __init__(self, *args: Any, exits: Mapping[int, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.exits = {**EXITS, **(exits or {0: "完成"})}

    def sections(self, ctx: click.Context) -> Iterable[tuple[str, list[tuple[str, str]]]]:
        """Yield the options, then what the exit statuses mean."""
        yield from super().sections(ctx)
        yield "退出状态", [(str(status), text) for status, text in sorted(self.exits.items())]


class Group(_Chinese, click.Group):
    """A group of commands with Chinese help.

    Parameters
    ----------
    lazy : mapping of str to str
        Name of a command to ``module:attribute``, imported when the command is wanted.
    """

    command_class = Command

    def __init__(self, *args: Any, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy or {})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now when it was not yet."""
        if cmd_name not in self.commands and cmd_name in self.lazy:
            module, _, attribute = self.lazy[cmd_name].partition(":")
            self.add_command(getattr(importlib.import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)

    def sections(self, ctx: click.Context) -> Iterable[tuple[str, list[tuple[str, str]]]]:
        """Yield the commands before the options."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        yield "命令", [(name, command.short_help or "") for name, command in found if command is not None]
        yield from super().sections(ctx)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what follows the group's name."""
        return ["命令", "…"]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order they are meant to be read."""
        return list(dict.fromkeys([*self.lazy, *self.commands]))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command that was typed, or say which there are."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = did_you_mean(args[0], known)
            raise click.UsageError(f"没有命令“{args[0]}”{near}可用的命令：{'、'.join(known)}。", ctx)
        return super().resolve_command(ctx, args)


Group.group_class = Group


def sentence(error: click.ClickException) -> str:
    """Return a usage error as one Chinese sentence."""
    ctx = getattr(error, "ctx", None)
    help_hint = f"用法见 {ctx.command_path} --help。" if ctx is not None else "用法见 ecozone --help。"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    if isinstance(error, click.NoSuchOption):
        known = [o for p in (ctx.command.get_params(ctx) if ctx else []) for o in p.opts if o.startswith("--")]
        return f"没有选项“{error.option_name}”{did_you_mean(error.option_name, known)}{help_hint}"
    if isinstance(error, click.MissingParameter) and error.param is not None:
        if isinstance(error.param, click.Option):
            return f"缺少选项 {error.param.opts[0]}：{getattr(error.param, 'help', '') or ''}{help_hint}"
        return f"缺少 {error.param.make_metavar(ctx)}，{help_hint}" if ctx else f"缺少参数，{help_hint}"
    if isinstance(error, click.BadOptionUsage):
        wants = "后面要跟一个值" if "requires" in error.message and "argument" in error.message else "用法有误"
        return f"选项 {error.option_name} {wants}，{help_hint}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{error.param.opts[0]} 的值无法识别，{help_hint}"
    if "unexpected extra argument" in error.format_message():
        found = re.search(r"\((.*)\)", error.format_message(), re.DOTALL)
        extra = f"“{found[1]}”" if found else ""
        return f"多出了内容{extra}，含有空格或括号的位置请用英文引号括起来；{help_hint}"
    text = error.format_message()
    return text if re.search(r"[\u4e00-\u9fff]", text) else f"命令写法有误（{text}），{help_hint}"
