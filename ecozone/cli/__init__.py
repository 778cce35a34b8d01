"""The command line: the one place that prints, reads the clock and ends a process.

Commands import what they need when they run: ``ecozone check`` on a typed site loads no geopandas.
"""

from __future__ import annotations

import gc
import sys

import click

from ecozone._version import __version__
from ecozone.cli.audit import audit
from ecozone.cli.check import check
from ecozone.cli.command import Group
from ecozone.cli.demo import demo
from ecozone.cli.intake import import_, inspect
from ecozone.cli.params import params
from ecozone.cli.record import diff, override, report, template, verify
from ecozone.cli.registers import facts, rules
from ecozone.cli.run import run
from ecozone.cli.screen import screen
from ecozone.cli.serve import serve
from ecozone.cli.where import where

_HELP = """ecozone：在某处建设某个项目，依判定日期有效的规则能否准入，为什么。

每个结论都写明依据的条文、图层、测得的数值，以及缺什么；图层或规则不全时绝不判为“符合”。
"""


@click.group(cls=Group, help=_HELP, no_args_is_help=False, invoke_without_command=True)
@click.version_option(__version__, prog_name="ecozone", message="%(prog)s %(version)s", help="显示版本号。")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Print the help when no command is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for command in (check, screen, where, serve, demo, inspect, import_, audit, facts, rules, params):
    program.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit status."""
    gc.set_threshold(100_000, 50, 50)  # one answer makes little garbage and much that stays: a tenth of the time
    sys.exit(run(program, arguments))
