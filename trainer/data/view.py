"""Shows records as the loss sees them: what is supervised in colour, what is not in grey.

The text is decoded from the token ids that training uses, not taken from the record.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TextIO

from trainer.data.packing import Sample, encode
from trainer.data.records import Rejects, read_records
from trainer.models.installed import named
from trainer.models.tokenizer import SpanTokenizer, load_tokenizer
from tutor_app.core.dialect import DIALECTS
from tutor_app.core.errors import UserFault

GREEN, GREY, BOLD, RESET = "\x1b[32m", "\x1b[90m", "\x1b[1m", "\x1b[0m"


def show(
    records: Path,
    base: Path,
    dialect: str,
    *,
    n: int = 1,
    skip: int = 0,
    plain: bool = False,
    out: TextIO | None = None,
) -> int:
    """Print ``n`` records; 0.

    Raises:
        UserFault: If a file cannot be read, a record has nothing supervised, or all are skipped.
    """
    out = out if out is not None else sys.stdout
    tokenizer = load_tokenizer(named(base))
    tokenizer.check(DIALECTS[dialect])
    everything = read_records([records], Rejects())
    if skip >= len(everything):
        raise UserFault(
            f"{records} holds {len(everything):,} records, and --skip {skip:,} passes over all.", "Skip fewer."
        )
    for record in everything[skip : skip + n]:
        sample = encode(record, DIALECTS[dialect], tokenizer)
        source, method, licence = (record.meta[k] for k in ("source", "method", "licence"))
        head = f"{sample.name}  ({source}, {method}, {licence})"
        counts = f"{len(sample)} tokens, {sample.targets} supervised"
        out.write(f"{head}\n{counts}\n\n" if plain else f"{BOLD}{head}{RESET}\n{GREY}{counts}{RESET}\n\n")
        out.write(coloured(sample, tokenizer, plain=plain) + "\n\n")
    return 0


def coloured(sample: Sample, tokenizer: SpanTokenizer, *, plain: bool = False) -> str:
    """The text of a sample; supervised stretches are green, or between ``⟦`` and ``⟧`` if ``plain``."""
    pairs = zip(sample.ids.tolist(), sample.supervised.tolist(), strict=True)
    pieces: list[str] = []
    for supervised, run in itertools.groupby(pairs, key=lambda p: p[1]):
        text = tokenizer.decode([i for i, _ in run])
        if plain:
            pieces.append(f"⟦{text}⟧" if supervised else text)
        else:
            # A colour that spans lines is lost in some pagers: set it on each.
            colour = GREEN if supervised else GREY
            pieces.append("\n".join(f"{colour}{line}{RESET}" if line else "" for line in text.split("\n")))
    return "".join(pieces)
