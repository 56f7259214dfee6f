"""``tutor serve``: the tutor for other programs and computers, through an interface that OpenAI's clients speak.

Exit codes: 0 it was ended; 2 it cannot be served as asked; 3 the model cannot be loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Final

from tutor_app.commands.shared import DONE, Subparsers, usable_folders, user_path, user_settings
from tutor_app.core.errors import UserFault

if TYPE_CHECKING:
    from tutor_app.tutor.paths import Folders

KEY_VARIABLE: Final = "TUTOR_API_KEY"
MOST_PLACES: Final = 64


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("serve", parents=[common], help="solve for other programs and computers")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve at; 0.0.0.0 is every network")
    parser.add_argument("--port", type=int, default=8642, help="0 takes any that is free (default: 8642)")
    parser.add_argument("--model", default="", help="starter, standard, a model's id, or a GGUF file")
    parser.add_argument("--parallel", type=int, default=4, help="solutions made at once (default: 4)")
    parser.add_argument("--prompt", default="", help="a name in resources/prompts, none, or a JSON file")
    parser.add_argument(
        "--api-key-file",
        type=user_path,
        metavar="FILE",
        help=f"the key that clients must send; without it that of {KEY_VARIABLE}, and beyond this computer one is made",
    )
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="a reverse proxy on this computer passes requests on: clients are told apart by its X-Forwarded-For",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl+C or SIGTERM; returns the exit code."""
    from tutor_app.server.application import Service
    from tutor_app.server.serving import bind, is_loopback, make_server
    from tutor_app.tutor.models import chosen_model, model_store
    from tutor_app.tutor.service import open_tutor, solve_settings

    if not 1 <= args.parallel <= MOST_PLACES:
        raise UserFault(f"--parallel must be from 1 to {MOST_PLACES}, not {args.parallel}.")
    args.host = args.host.removeprefix("[").removesuffix("]")  # as an address of IPv6 stands in a URL
    where = usable_folders(args)
    settings = user_settings(where).changed(server="", server_key="")  # it serves a model of this computer
    loopback = is_loopback(args.host)
    with bind(args.host, args.port) as listening:
        key = _api_key(
            args, where, loopback=loopback and not args.behind_proxy
        )  # nobody needs one for an address that cannot be had
        with open_tutor(
            args.model, where, settings=settings, prompt=args.prompt, n_seq=args.parallel, batched=args.parallel > 1
        ) as tutor:
            print("Loading the model...", file=sys.stderr, flush=True)
            tutor.warm()
            service = Service(
                tutor=tutor,
                model=chosen_model(model_store(where), args.model, settings.model).id,
                settings=solve_settings(settings),
                places=args.parallel,
                api_key=key,
                loopback=loopback,
                proxied=args.behind_proxy,
            )
            host = f"[{args.host}]" if ":" in args.host else args.host
            print(f"Serving {service.model} at http://{host}:{listening.getsockname()[1]}/v1", flush=True)
            print(f"{tutor.engine.info.device or 'CPU'}, {args.parallel} at once. Ctrl+C ends it.", file=sys.stderr)
            server = make_server(service)
            # uvicorn ends by itself at either signal and then raises it once more, for whoever was there before it.
            with contextlib.suppress(KeyboardInterrupt):
                server.run(sockets=[listening])
    return DONE


def _api_key(args: argparse.Namespace, where: Folders, *, loopback: bool) -> str:
    """The key to ask for; beyond this computer there is always one."""
    from tutor_app.server.serving import checked_key, own_key, read_key

    if args.api_key_file is not None:
        return read_key(args.api_key_file)
    if key := os.environ.get(KEY_VARIABLE, ""):
        return checked_key(key)
    if loopback:
        return ""
    key = own_key(where.server_key)
    print(f"Clients must send this API key, which is kept in {where.server_key}: {key}", file=sys.stderr)
    return key
