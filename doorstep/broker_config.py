"""`doorstep broker-config`: the configuration of a broker of one's own, with the registry's logins in it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from domain.errors import Unavailable
from doorstep.settings import Settings


def broker_config(
    kind: Annotated[str, typer.Argument(help="nats, nats-cluster, mosquitto or emqx")],
    host: Annotated[str, typer.Option(help="the name in the broker's certificate")] = "localhost",
    port: Annotated[int, typer.Option(help="where devices connect", min=1, max=65_535)] = 8883,
    own_port: Annotated[int, typer.Option(help="where ingest does, with mosquitto and emqx", min=1, max=65_535)] = 8884,
    folder: Annotated[str | None, typer.Option(help="where the files will lie on the broker's machine")] = None,
    data: Annotated[str | None, typer.Option(help="where the broker keeps its data")] = None,
    cert_file: Annotated[str | None, typer.Option(help="its certificate with the chain; unset: FOLDER/tls.crt")] = None,
    key_file: Annotated[str | None, typer.Option(help="the certificate's key; unset: FOLDER/tls.key")] = None,
    ca_file: Annotated[
        str | None, typer.Option(help="ask each client for a certificate of this authority; unset: a password will do")
    ] = None,
    node: Annotated[list[str] | None, typer.Option(help="nats-cluster: one address each, three or more")] = None,
    out: Annotated[Path | None, typer.Option(help="write what differs there and name it; unset: show it")] = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="show passwords and their hashes too")] = False,
    every: Annotated[float | None, typer.Option(help="with --out: do it again every so many seconds", min=1)] = None,
) -> None:
    """The configuration of a broker of one's own: TLS, sessions that lose nothing, each device on its own topics."""
    from doorstep.bootstrap import migrate, stop_on_signals, with_database
    from doorstep.brokers import write

    paths = {"folder": folder, "data": data, "cert_file": cert_file, "key_file": key_file, "ca_file": ca_file}
    wish = write.Wish(
        kind=kind,
        host=host,
        port=port,
        own_port=own_port,
        nodes=tuple(node or ()),
        **{name: PurePosixPath(path) for name, path in paths.items() if path is not None},
    )
    if every is not None and out is None:
        raise typer.BadParameter("--every needs --out")
    stop = None if every is None else stop_on_signals()
    with with_database(Settings.read()) as settings:
        migrate(settings)
        kept = write.kept_in(out, settings.password, settings.mqtt_client_id)
        while True:
            try:
                files = write.files_of(wish, write.plan_of(wish, settings, write.read_logins(settings), kept))
                if out is None:
                    typer.echo(write.shown(files, with_secrets=secrets))
                else:
                    for written in write.write(out, files, kept):
                        typer.echo(written)
            except Unavailable as error:
                if stop is None:
                    raise
                typer.echo(f"{error}; trying again", err=True)
            if stop is None or stop.wait(every):
                return
