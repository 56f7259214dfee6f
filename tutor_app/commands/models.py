"""``tutor models``: list, fetch, check, import and remove models."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from tutor_app.commands.shared import DONE, Subparsers, interrupt_sets, opened_folders, user_path
from tutor_app.core.errors import TutorError, UserFault
from tutor_app.core.values import Progress
from tutor_app.tutor.paths import Folders, folders


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's actions and their arguments."""
    parser = commands.add_parser("models", parents=[common], help="list, fetch and check models")
    parser.set_defaults(run=run, action=_list)
    actions = parser.add_subparsers(title="actions", metavar="")
    listed = actions.add_parser("list", parents=[common], help="what there is and what is here")
    listed.set_defaults(action=_list)
    shown = actions.add_parser("show", parents=[common], help="what is known of a model of the list")
    shown.add_argument("name")
    shown.set_defaults(action=_show)
    pull = actions.add_parser("pull", parents=[common], help="fetch a model (again: go on with it)")
    pull.add_argument("name", help="starter, standard, or an id from the list")
    pull.set_defaults(action=_pull)
    add = actions.add_parser("add", parents=[common], help="fetch a GGUF file of the hub that is not on the list")
    add.add_argument("repository", help="owner/name")
    add.add_argument("file", help="a .gguf file in it")
    add.add_argument("--name", default="", help="how it is called here")
    add.add_argument("--later", action="store_true", help="only put it on the list; `models pull` fetches it")
    add.set_defaults(action=_add)
    verify = actions.add_parser("verify", parents=[common], help="check a model's file, bit by bit")
    verify.add_argument("name", nargs="?", default="", help="default: every installed one")
    verify.set_defaults(action=_verify)
    imported = actions.add_parser("import", parents=[common], help="use a GGUF file of your own, where it lies")
    imported.add_argument("path", type=user_path)
    imported.add_argument("--name", help="how it is called here")
    imported.add_argument("--base", default="", metavar="MODEL", help="the model that the file, an adapter, belongs to")
    imported.set_defaults(action=_import)
    verifier = actions.add_parser(
        "verifier",
        parents=[common],
        help="use a verifier that the trainer made, which tells how likely an answer is right",
    )
    verifier.add_argument("what", choices=("install", "rm"))
    verifier.add_argument("target", metavar="FILE|MODEL", help="the file to install; the model whose verifier goes")
    verifier.set_defaults(action=_verifier)
    packed = actions.add_parser("pack", parents=[common], help="write a model into one file, for a USB stick")
    packed.add_argument("name")
    packed.add_argument("-o", "--output", type=user_path, default=Path(), metavar="FILE", help="default: here")
    packed.set_defaults(action=_pack)
    unpacked = actions.add_parser("unpack", parents=[common], help="take in a model that was packed; needs no network")
    unpacked.add_argument("path", type=user_path)
    unpacked.set_defaults(action=_unpack)
    remove = actions.add_parser("rm", parents=[common], help="delete a fetched model, or forget an imported one")
    remove.add_argument("name")
    remove.set_defaults(action=_remove)


def run(args: argparse.Namespace) -> int:
    """Do the action that was asked for; returns the exit code."""
    code: int = args.action(args)
    return code


def _list(args: argparse.Namespace) -> int:
    from tutor_app.text.amounts import size_text
    from tutor_app.tutor.models import model_store

    store = model_store(folders(args.data_dir))
    here = {m.id: m for m in store.installed()}
    for e in store.entries():
        mark = "installed" if e.id in here else "" if e.sources else "make it with the trainer"
        role = f" ({', '.join(e.roles)})" if e.roles else ""
        size = size_text(e.bytes) if e.bytes else "-"
        print(f"{e.id + role:34} {size:>9}  {e.licence[:30]:30}  {mark}")
    for m in here.values():
        if m.by_reference:
            kind = "your own file" if m.base is None else f"adapter of {m.base.name}"
            print(f"{m.id:34} {size_text(m.bytes):>9}  {kind[:30]:30}  {m.problem or m.path}")
    return DONE


def _show(args: argparse.Namespace) -> int:
    from tutor_app.text.amounts import size_text
    from tutor_app.tutor.models import measured_offers, model_store

    store = model_store(folders(args.data_dir))
    entry = store.entry(args.name)
    thinks = {"none": "never", "hybrid": "if it is asked to (--thinking)", "always": "always"}[entry.thinking]
    print(entry.name)
    print(entry.note)
    if entry.bytes:
        print(f"Download: {size_text(entry.bytes)}; about {size_text(entry.ram_bytes)} of memory at 4,096 tokens.")
    print(f"Licence: {entry.licence}. Context: {entry.context:,} tokens. Thinks before it answers: {thinks}.")
    for offer in measured_offers(store):
        if offer.id == entry.id:
            recommended = " This is the strongest that suits this computer." if offer.recommended else ""
            print(f"{offer.here[:1].upper()}{offer.here[1:]}.{recommended}")
    for accuracy in entry.accuracy:
        print(accuracy.sentence)
    return DONE


def _pull(args: argparse.Namespace) -> int:
    pull_model(opened_folders(args), args.name)
    return DONE


def _add(args: argparse.Namespace) -> int:
    from tutor_app.text.amounts import size_text
    from tutor_app.tutor.models import model_store

    where = opened_folders(args)
    entry = model_store(where).add_from_hub(args.repository, args.file, name=args.name)
    print(f"{entry.id} is on the list: {size_text(entry.bytes)}, sha256 {entry.sha256}")
    if not args.later:
        pull_model(where, entry.id)
    return DONE


def pull_model(where: Folders, name: str) -> None:
    """Fetch a model and say how far it is; Ctrl+C keeps what is there.

    Raises:
        UserFault: If there is no such model, or the user stopped it.
        ModelStoreFault: If it cannot be fetched.
    """
    from tutor_app.adapters.models.store import describe
    from tutor_app.tutor.models import model_store

    store = model_store(where)
    stop = threading.Event()
    tty = sys.stderr.isatty()
    shown_tenth = -1

    def progress(p: Progress) -> None:
        nonlocal shown_tenth
        tenth = int(10 * p.done / p.total) if p.total else 0
        if tty:
            sys.stderr.write(f"\r\x1b[K{describe(p)}")
        elif tenth != shown_tenth:
            sys.stderr.write(f"{describe(p)}\n")
        shown_tenth = tenth
        sys.stderr.flush()

    with interrupt_sets(stop):
        try:
            model = store.pull(name, progress, stop)
        finally:
            if tty and shown_tenth >= 0:
                sys.stderr.write("\n")
    print(f"{model.name} is installed: {model.path}")


def _verify(args: argparse.Namespace) -> int:
    from tutor_app.tutor.models import model_store

    store = model_store(folders(args.data_dir))
    names = [args.name] if args.name else [m.id for m in store.installed()]
    if not names:
        raise UserFault("No model is installed yet.", "Get one with: tutor models pull starter")
    faults: list[TutorError] = []
    for name in names:
        try:
            model = store.verify(name)
        except TutorError as e:
            faults.append(e)
        else:
            print(f"{model.name}: every bit is as it should be (sha256 {model.sha256}).", flush=True)
    for fault in faults[:-1]:
        print(f"tutor: {fault}", file=sys.stderr)
    if faults:
        raise faults[-1]
    return DONE


def _import(args: argparse.Namespace) -> int:
    from tutor_app.adapters.models.chat_template import choose_dialect
    from tutor_app.adapters.models.pack import SUFFIX
    from tutor_app.tutor.models import model_store

    if args.path.suffix.lower() == SUFFIX:
        raise UserFault(f"{args.path} is a packed model.", f"Take it in with: tutor models unpack {args.path}")
    model = model_store(opened_folders(args)).import_(args.path, args.name, base=args.base)
    choice = choose_dialect(model)
    print(f"{model.name} can be used now, as: --model {model.id} (it speaks: {choice.dialect.name})")
    if choice.note:
        print(choice.note)
    return DONE


def _verifier(args: argparse.Namespace) -> int:
    from tutor_app.tutor.verifiers import install, remove

    where = opened_folders(args)
    if args.what == "rm":
        print(f"{remove(where, args.target).name} is used without a verifier now.")
        return DONE
    model, found = install(where, user_path(args.target))
    votes = "are weighed by it" if found.power else "stay equal, as weighing them by it finds no more right answers"
    print(f"The verifier tells now how likely answers of {model.name} are right; votes {votes}.")
    if found.auc is not None and found.untuned is not None:
        print(
            f"On problems it was not trained on it puts a right solution before a wrong one in {found.auc:.0%} of "
            f"pairs; the untuned question does in {found.untuned:.0%}."
        )
    return DONE


def _pack(args: argparse.Namespace) -> int:
    from tutor_app.adapters.models.pack import pack
    from tutor_app.tutor.models import model_store

    file = pack(model_store(folders(args.data_dir)), args.name, args.output)
    print(f"The model is in {file}. On the other computer: tutor models unpack {file.name}")
    return DONE


def _unpack(args: argparse.Namespace) -> int:
    from tutor_app.adapters.models.pack import unpack
    from tutor_app.tutor.models import model_store

    model = unpack(model_store(opened_folders(args)), args.path)
    print(f"{model.name} is installed: {model.path}")
    return DONE


def _remove(args: argparse.Namespace) -> int:
    from tutor_app.tutor.models import model_store

    print(model_store(opened_folders(args)).remove(args.name))
    return DONE
