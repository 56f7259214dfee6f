"""``export``: merges, converts, quantises and checks: a GGUF file that the window loads.

With ``--adapter`` only the low-rank adapter of a run, as a small file that is used over its base.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tutor_app.core.errors import UserFault
from tutor_app.text.amounts import size_text
from tutor_app.tutor.models import model_store
from tutor_app.tutor.paths import folders


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, help="a Hugging Face folder or an adapter folder of a run")
    source.add_argument(
        "--adapter", type=Path, metavar="RUN", help="only the adapter of a run, as a small file used over its base"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the GGUF file to write")
    parser.add_argument("--type", choices=("f16", "q8_0", "q5_k_m", "q4_k_m"), default="q8_0", help="default q8_0")
    parser.add_argument(
        "--dialect",
        choices=("mumath", "chatml"),
        default="",
        help="wire form, kept in the file (default: the one it was trained with, or mumath if that is not noted)",
    )
    parser.add_argument("--name", default="", help="general.name of the file (default: the file's name)")
    parser.add_argument("--import", dest="import_", action="store_true", help="then add it to the models of the tutor")
    parser.add_argument(
        "--base", default="", metavar="MODEL", help="with --adapter --import: the tutor's model under it"
    )
    parser.add_argument(
        "--prompts", type=Path, default=None, metavar="RECORDS", help="texts for the gate (default: built in)"
    )


def main(a: argparse.Namespace) -> int:
    """Run the step.

    Raises:
        UserFault: If there is no such model, it cannot be exported, or the file fails the gate.
        HostFault: If llama.cpp fails or the disk refuses.
    """
    if a.adapter is not None:
        _export_adapter(a)
    else:
        _export_model(a)
    return 0


def _export_model(a: argparse.Namespace) -> None:
    from trainer.data.records import Rejects, read_records
    from trainer.export import gguf
    from trainer.models.bases import trained_dialect

    prompts = None
    if a.prompts is not None:
        prompts = [r.problem for r in read_records([a.prompts], Rejects())]
    dialect = trained_dialect(a.model, a.dialect)
    gguf.may_overwrite(a.out)
    gate = gguf.export(a.model, a.out, a.type, dialect, name=a.name or a.out.stem, prompts=prompts)
    print(
        f"{a.out}: {size_text(a.out.stat().st_size)}, {a.type}; {gate.prompts} prompts give the same token ids, "
        f"divergence {gate.kl:.2g} nats, the same next token in {gate.top1:.1%}."
    )
    if gate.alike is not None:
        both = gate.alike
        print(
            f"Of {both.problems} problems solved by the model and by the file, {both.texts} have the same text, "
            f"{both.answers} the same answer."
        )
    if a.import_:
        _import_model(a.out, a.name)


def _export_adapter(a: argparse.Namespace) -> None:
    from trainer.export import adapter, gguf
    from trainer.models import bases
    from tutor_app.adapters.models.gguf import read_gguf
    from tutor_app.adapters.models.lora import WEIGHTS

    if a.import_ and not a.base:
        raise UserFault("An adapter is used over a model of the tutor's, and none was named.", "Name it with --base.")
    gguf.may_overwrite(a.out)
    folder, _ = adapter.adapter_of(a.adapter)
    dialect = bases.trained_dialect(folder, a.dialect)
    if a.import_:
        under = model_store(folders()).find(a.base)
        base = bases.base_of_adapter(folder)
        other = adapter.differs(under.path, base)
        if not other and bases.identity(base) != read_gguf(under.path).text(WEIGHTS):
            other = "the hash of its weights"
        if other:
            raise UserFault(
                f"The adapter was not trained over {under.name}: {other} differs.", "Name its base with --base."
            )
    gate = adapter.export_adapter(a.adapter, a.out, dialect, name=a.name or a.out.stem)
    print(
        f"{a.out}: {size_text(a.out.stat().st_size)}, an adapter; over its base in f16 its divergence from the "
        f"merged model is {gate.kl:.2g} nats, the next token the same in {gate.top1:.1%}."
    )
    if a.import_:
        _import_model(a.out, a.name, a.base)


def _import_model(out: Path, name: str, base: str = "") -> None:
    """Give the tutor of this computer a file that was made; an adapter with the model it belongs over."""
    model = model_store(folders()).import_(out, name or None, base=base)
    print(f"The tutor has it as {model.id}.")
