"""relens edge: a deployment's champion on this machine. The command line finds this command by its entry point."""

from pathlib import Path
from typing import Annotated

import typer


def edge(
    deployment: Annotated[str, typer.Argument(help="The deployment's name.")],
    server: Annotated[
        str | None,
        typer.Option(
            "--server", "--url", envvar="RELENS_URL", help="Where the server is.", show_default="http://127.0.0.1:8417"
        ),
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", envvar="RELENS_TOKEN", help="Needed where the server asks for one.")
    ] = None,
    source: Annotated[str, typer.Option(help="What this machine is called in the log: a line, a site.")] = "edge",
    folder: Annotated[Path | None, typer.Option(help="Watch a folder of images.")] = None,
    camera: Annotated[int | None, typer.Option(help="A camera's number.")] = None,
    stream: Annotated[str | None, typer.Option(help="An RTSP or HTTP stream, or a video file.")] = None,
    http: Annotated[int | None, typer.Option(help="Answer HTTP requests at this port: POST /predict.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    stride: Annotated[
        int, typer.Option(min=1, help="Of a camera, stream or video, answer every so manieth frame.")
    ] = 1,
    images: Annotated[
        bool, typer.Option("--images/--no-images", help="Send the images too, or only the numbers.")
    ] = True,
    once: Annotated[bool, typer.Option("--once", help="End when everything that is there was answered.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="For one image.", show_default="every core")] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            help="Where the model and what was not sent yet are kept.", show_default="~/.relens-edge/DEPLOYMENT"
        ),
    ] = None,
) -> None:
    """Answer images here with a deployment's champion; what was answered is logged on the server.

    Without a network it goes on with the model it has and sends later; a new champion is taken when the server has one.
    """
    import json
    import logging
    import os
    import signal
    import threading

    from relens.edge.run import Options, run

    logging.basicConfig(level=logging.WARNING, format="relens edge: %(message)s")
    stopping = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stopping.set())
    options = Options(
        deployment=deployment,
        home=home or Path.home() / ".relens-edge" / deployment,
        server=server,
        token=token,
        source=source,
        folder=folder,
        camera=camera,
        stream=stream,
        http=http,
        host=host,
        stride=stride,
        images=images,
        once=once,
        threads=threads or os.cpu_count() or 1,
    )
    typer.echo(json.dumps(run(options, stopping)))
