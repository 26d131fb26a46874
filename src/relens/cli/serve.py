"""relens serve: one server on one folder."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    home: Annotated[
        Path | None,
        typer.Option(envvar="RELENS_HOME", help="The folder that holds everything.", show_default="~/.relens"),
    ] = None,
    host: Annotated[
        str | None, typer.Option(envvar="RELENS_HOST", help="The address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(envvar="RELENS_PORT", help="The port to listen on.", show_default="8417")
    ] = None,
    durability: Annotated[
        str | None,
        typer.Option(
            envvar="RELENS_DURABILITY", help="'process' survives a killed server, 'power' a power cut as well."
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print warnings and errors only.")] = False,
) -> None:
    """Start a server; everything it keeps is in one folder. Ctrl-C stops it."""
    from relens.bootstrap.run import serve as run
    from relens.infra.settings import from_environment

    run(from_environment(home=home, host=host, port=port, durability=durability), quiet=quiet)
