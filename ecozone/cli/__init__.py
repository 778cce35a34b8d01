"""The command line: the one place that prints, reads the clock and ends a process.

Commands import what they need when they run: ``ecozone check`` on a typed site loads no geopandas.
"""

from __future__ import annotations

import gc
import sys

import click

from ecozone._version import __version__
from ecozone.cli.command import Group
from ecozone.cli.run import run

_HELP = """ecozone：在某处建设某个项目，依判定日期有效的规则能否准入，为什么。

每个结论都写明依据的条文、图层、测得的数值，以及缺什么；图层或规则不全时绝不判为“符合”。
"""


#: Commands in the order of the help page, each imported when it is typed: a check does not wait for the others.
COMMANDS = {
    "check": "ecozone.cli.check:check",
    "screen": "ecozone.cli.screen:screen",
    "where": "ecozone.cli.where:where",
    "change": "ecozone.cli.change:change",
    "serve": "ecozone.cli.serve:serve",
    "demo": "ecozone.cli.demo:demo",
    "inspect": "ecozone.cli.intake:inspect",
    "import": "ecozone.cli.intake:import_",
    "audit": "ecozone.cli.audit:audit",
    "kinds": "ecozone.cli.kinds:kinds",
    "facts": "ecozone.cli.registers:facts",
    "rules": "ecozone.cli.rulebooks:rules",
    "params": "ecozone.cli.params:params",
    "verify": "ecozone.cli.record:verify",
    "diff": "ecozone.cli.record:diff",
    "override": "ecozone.cli.record:override",
    "report": "ecozone.cli.record:report",
    "template": "ecozone.cli.record:template",
}


@click.group(cls=Group, lazy=COMMANDS, help=_HELP, no_args_is_help=False, invoke_without_command=True)
@click.version_option(__version__, prog_name="ecozone", message="%(prog)s %(version)s", help="显示版本号。")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Print the help when no command is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit status."""
    gc.set_threshold(100_000, 50, 50)  # one answer makes little garbage and much that stays: a tenth of the time
    sys.exit(run(program, arguments))
