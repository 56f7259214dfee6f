"""Solutions as one self-contained web page: MathML, pictures inside, no script, nothing loaded, light and dark.

A policy in the page itself forbids scripts and every address, so even a fault here could not make a saved solution
call home. Links that a model wrote are shown with their address and cannot be clicked.
"""

from __future__ import annotations

import base64
import html as _html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import TONES
from tutor_app.handout import steps, wording
from tutor_app.handout.options import Options
from tutor_app.text.clean import without_controls
from tutor_app.text.delimiters import Segment
from tutor_app.text.finding import compact, find
from tutor_app.text.markup import MARK, answer_segments, read, restored
from tutor_app.text.mathml import mathml, mathml_lines
from tutor_app.text.minus import minus_signs
from tutor_app.text.speech import spoken

if TYPE_CHECKING:
    from markdown_it.token import Token

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1d2126;--muted:#5f6670;--line:#d9d6ce;--back:#fff;--code:#f5f4ef;--out:#fbfaf6;
--accent:#2a5d8f;--soft:#eef4fb;--bad:#a8322a;--badback:#fdf1ef;--good:#2b6a4a;--warn:#8a5a12;
--k:#7a3e9d;--s:#3f7a3a;--n:#a8552a;--c:#777d86;--f:#2a5d8f}
@media(prefers-color-scheme:dark){:root{--ink:#e4e2dc;--muted:#9aa0a8;--line:#3b3e43;--back:#1b1d20;--code:#24272b;
--out:#202327;--accent:#8db8e8;--soft:#1f2a36;--bad:#f0897f;--badback:#33211f;--good:#86c9a4;--warn:#e0b265;
--k:#c99be8;--s:#9bcb93;--n:#e0a878;--c:#8a9099;--f:#8db8e8}}
body{margin:0;background:var(--back);color:var(--ink);font:18px/1.6 "STIX Two Text",Cambria,Georgia,serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1.2rem 4rem}
body.large{font-size:24px}
h1{font-size:1.7em;line-height:1.25}h2{font-size:1.3em;margin-top:2.5em}
h3.step{font:600 .8em/1.4 Inter,system-ui,sans-serif;
color:var(--accent);margin:1.6em 0 .2em}
.label{font:600 .68em/1.4 Inter,system-ui,sans-serif;color:var(--muted);margin:0}
.problem{border-left:3px solid var(--accent);padding:.1em 0 .1em 1.1em;margin:1em 0 1.6em}
.hints{border-left:3px solid var(--line);padding:.1em 0 .1em 1.1em;margin:1em 0 1.6em}
.problem .label,.answer .label{color:var(--accent)}
.run{border:1px solid var(--line);border-radius:8px;background:var(--code);margin:1em 0;overflow:hidden}
.run>.label{padding:.6em 1.1em 0;display:flex;justify-content:space-between}
pre{font:.8em/1.5 "JetBrains Mono",Consolas,Menlo,monospace;margin:0;padding:.6em 1em .8em;white-space:pre-wrap;
overflow-wrap:anywhere;font-variant-ligatures:none}
pre,code{tab-size:4}
.output{display:flow-root;border-top:1px solid var(--line);background:var(--out)}
.false{color:var(--bad)}
.wrong{text-decoration:underline wavy var(--bad) 1px;text-underline-offset:.2em}
.differs{text-decoration:underline dashed var(--warn) 1px;text-underline-offset:.2em}
math.wrong{border-bottom:2px dotted var(--bad)}math.differs{border-bottom:2px dashed var(--warn)}
math[display=block]:is(.wrong,.differs){width:fit-content;margin-inline:auto}
.output.error{background:var(--badback);border-left:3px solid var(--bad)}.error pre{color:var(--bad)}
.output p{margin:.2em 1em .6em;font-style:italic}
code{font:.84em "JetBrains Mono",Consolas,Menlo,monospace;background:var(--code);padding:.05em .25em;
font-variant-ligatures:none}pre code{background:none;padding:0;font-size:1em}
figure{margin:.6em 1em;background:#fff;border:1px solid var(--line);border-radius:6px;padding:.5em;width:fit-content;
max-width:calc(100% - 3em)}
figure img{max-width:100%;max-height:45rem;width:auto;height:auto;display:block}
.answer{border:1px solid var(--accent);border-radius:8px;background:var(--soft);padding:.7em 1.1em 1em;margin:1.4em 0}
.answer p{margin:.4em 0 0}.answer .tally{font-size:.85em}
.answer .value{font-size:1.3em;margin:.2em 0 0}
.thought{color:var(--muted);font-size:.88em;border-left:2px solid var(--line);padding-left:1em;margin:1em 0}
.thought summary{font:600 .8em/1.4 Inter,system-ui,sans-serif;cursor:pointer}
.good{color:var(--good)}.bad{color:var(--bad)}.note,.made,.address{color:var(--muted)}
.made{font:.7em/1.5 Inter,system-ui,sans-serif;border-top:1px solid var(--line);margin-top:2.5em;padding-top:.8em}
table{border-collapse:collapse;margin:.8em 0}th,td{border:1px solid var(--line);padding:.3em .7em}
math{font-family:"STIX Two Math","Cambria Math",math}
math[display=block],.long{margin:.7em 0;overflow-x:auto;overflow-y:hidden}
.long{display:block;text-align:center}
.k,.kn,.kc,.kd,.ow,.kt{color:var(--k)}.s,.s1,.s2,.sd,.sa,.si,.se,.sr{color:var(--s)}.m,.mi,.mf,.mh{color:var(--n)}
.c,.c1,.ch,.cm{color:var(--c);font-style:italic}.nf,.nc,.nb,.nd{color:var(--f)}
nav ol{line-height:2}nav a{color:inherit}
@media print{body{font-size:11pt}main{max-width:none;padding:0}.run,.answer,figure{break-inside:avoid}
h2,h3,.label{break-after:avoid}article+article{break-before:page}
details::details-content{content-visibility:visible;block-size:auto}}
"""


def to_html(transcripts: Sequence[Transcript], options: Options) -> str:
    """The page as text."""
    title = wording.heading(transcripts, options)
    many = len(transcripts) > 1
    body = []
    if many or options.title.strip():
        body.append(f"<h1>{_text(title)}</h1>")
    if many:
        entries = "".join(
            f'<li><a href="#p{n}">{_text(wording.title_of(t))}</a></li>' for n, t in enumerate(transcripts, 1)
        )
        body.append(f'<nav aria-label="Contents"><ol>{entries}</ol></nav>')
    for n, t in enumerate(transcripts, 1):
        body.append(f'<article id="p{n}">')
        if many:
            body.append(f"<h2>Problem {n}</h2>")
        body.append(_solution(t, options))
        body.append("</article>")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body{' class=large' if options.large else ''}><main>\n" + "\n".join(body) + "\n</main></body></html>\n"
    )


def _solution(transcript: Transcript, options: Options) -> str:
    out = [f'<section class="problem"><p class="label">Problem</p>{prose(wording.problem_of(transcript))}</section>']
    if hints := wording.hints_given(transcript, options):
        out.append(f'<section class="hints"><p class="label">{wording.HINTS_GIVEN}</p>{prose(hints)}</section>')
    for step in steps.numbered_steps(steps.chosen_parts(transcript, options)):
        if options.steps and step.number:
            out.append(f'<h3 class="step">Step {step.number}</h3>')
        out.append(_parts(steps.without_silent_outputs(step.parts), step.claims))
    if options.solution and options.made:
        known = "".join(f"{_text(k)}: {_text(v)}<br>" for k, v in wording.provenance(transcript))
        out.append(
            f'<footer class="made"><strong>How this was made</strong><br>{known}'
            f"{_text(wording.made_by(transcript))}</footer>"
        )
    return "\n".join(out)


def _parts(parts: Sequence[Part], claims: Sequence[Claim]) -> str:
    out = ""
    is_open = False

    def close() -> str:
        nonlocal is_open
        was, is_open = is_open, False
        return "</div>" if was else ""

    for part in parts:
        match part:
            case Text():
                out += close() + _marked_prose(part)
                for statement, right in wording.false_statements(part.claims):
                    out += f'<p class="false"><strong>\u2717 {_text(statement)}</strong>{_text(right)}</p>'
            case Thought():
                out += f'{close()}<details class="thought"><summary>Thoughts</summary>{prose(part.text)}</details>'
            case Question():
                asked = prose(wording.question_of(part.text))
                out += f'{close()}<section class="problem"><p class="label">Question</p>{asked}</section>'
            case Code():
                out += close() + '<div class="run"><p class="label">Python</p>'
                out += f"<pre><code>{_highlighted(part.source)}</code></pre>"
                is_open = True
            case Output() | Figure():
                if not is_open:
                    out += '<div class="run"><p class="label">Output</p>'
                    is_open = True
                out += _output(part) if isinstance(part, Output) else f'<div class="output">{_figure(part)}</div>'
            case Answer():
                out += close() + _answer(part, claims)
    return out + close()


def _output(output: Output) -> str:
    out = ""
    if output.stdout.strip("\n"):
        out += f"<pre>{_isolated(_text(output.stdout.rstrip(chr(10))))}</pre>"
    if output.value_latex:
        out += f"<p>{formula(Segment('display', output.value_latex, output.value_latex))}</p>"
    elif output.value:
        out += f"<pre>{_isolated(_text(output.value))}</pre>"
    if output.truncated:
        out += '<p class="note">\u2026 output was cut at its limit</p>'
    for warning in output.warnings.splitlines():
        out += f'<p class="note">{_text(warning)}</p>'
    bad = output.error is not None or output.status != "ok"
    if output.error is not None:
        out += f"<pre>{_text(wording.error_text(output))}</pre>"
    hint = output.error.hint if output.error is not None else ""
    if sentence := hint or wording.STATUS.get(output.status, ""):
        out += f"<p>{_text(sentence)}</p>"
    return f'<div class="output{" error" if bad else ""}">{out or "<p class=note>No output</p>"}</div>'


def _figure(figure: Figure) -> str:
    alt = _html.escape(without_controls(figure.alt) or "A figure drawn by the code")
    size = f' width="{figure.width}" height="{figure.height}"' if figure.width > 0 and figure.height > 0 else ""
    if figure.svg:
        # As a picture, not inline: nothing inside it can run or load anything.
        data = "image/svg+xml;base64," + base64.b64encode(figure.svg.encode("utf-8", "replace")).decode("ascii")
    elif figure.png:
        data = "image/png;base64," + "".join(c for c in figure.png if c.isalnum() or c in "+/=")
    else:
        return f'<p class="note">[figure: {alt}]</p>'
    return f'<figure><img src="data:{data}" alt="{alt}"{size}></figure>'


def _answer(answer: Answer, claims: Sequence[Claim]) -> str:
    value = "".join(_text(s.source) if s.kind == "text" else formula(s) for s in answer_segments(answer.latex))
    verdict = wording.answer_check(answer)
    checked = [(answer.verdict, verdict)] if verdict else []
    if any(part.verdict.has_outcome for part in answer.parts):  # a line each, in the colour of what was found
        found = [of_part for of_part, _ in wording.answer_lines(answer)]
        checked = list(zip(found, wording.answer_sentences(answer), strict=True))
    said = "".join(f'<p class="{TONES[v.kind].replace("muted", "note")}">{_text(line)}</p>' for v, line in checked)
    if tally := wording.tally(claims):
        said += f'<p class="{"bad" if "false" in tally else "note"} tally">{_text(tally)}</p>'
    return f'<section class="answer"><p class="label">Answer</p><p class="value">{value}</p>{said}</section>'


def formula(segment: Segment) -> str:
    """A formula as MathML, or its source as code."""
    if segment.kind == "display" and (lines := mathml_lines(segment.source)):
        said = _text(spoken(segment.source))
        return f'<span class="long" role="math" aria-label="{said}">{"<wbr>".join(lines)}</span>'
    found = mathml(segment.source, segment.kind == "display")
    return found if found is not None else f'<code class="tex">{_text(segment.source)}</code>'


@dataclass(frozen=True, slots=True)
class _Fragment:
    """Something of a page.

    Attributes:
        html: What is written.
        source: What it was made from; empty for tags.
        words: Whether it is text, which can be cut.
    """

    html: str
    source: str = ""
    words: bool = False


def prose(text: str) -> str:
    """Markdown with mathematics as HTML."""
    return "".join(piece.html for piece in _pieces(text))


def _pieces(text: str) -> Iterator[_Fragment]:
    tokens, formulas = read(text)
    for t in tokens:
        if t.type == "inline":
            yield from _inline(t, formulas)
        elif t.type == "fence":
            yield _Fragment("<pre><code>")
            yield _words(restored(t.content, formulas))
            yield _Fragment("</code></pre>")
        elif t.type == "hr":
            yield _Fragment("<hr>")
        elif t.tag in _PLAIN_TAGS and t.nesting:
            yield _Fragment(_tag(t))


def _marked_prose(part: Text) -> str:
    """The same of a part; its false statements are underlined and say what is right, or what the code printed."""
    false = [claim for claim in part.claims if claim.marked]
    pieces = list(_pieces(part.text))
    shown = [(c, n, at) for n, piece in enumerate(pieces) for c, at in zip(*compact(piece.source), strict=True)]
    if not false or not shown:
        return "".join(piece.html for piece in pieces)
    found = find("".join(c for c, _, _ in shown), part.text, [(claim.start, claim.end) for claim in false])
    wrong: dict[int, list[tuple[int, int, str, str]]] = {}
    for claim, at in zip(false, found, strict=True):
        title = _text(wording.false_shown(claim))
        for n in sorted({n for _, n, _ in shown[at.first : at.last]}) if at.exact else ():
            places = [place for _, m, place in shown[at.first : at.last] if m == n]
            wrong.setdefault(n, []).append(
                (places[0], places[-1] + 1, title, "wrong" if claim.verdict == "false" else "differs")
            )
    return "".join(_underlined(piece, wrong.get(n, [])) for n, piece in enumerate(pieces))


def _underlined(piece: _Fragment, wrong: Sequence[tuple[int, int, str, str]]) -> str:
    """A piece with stretches of it underlined, a formula as a whole."""
    if not wrong:
        return piece.html
    if not piece.words:
        _, _, title, kind = wrong[0]
        return f'<span title="{title}">{piece.html.replace("<math", f"<math class={kind}")}</span>'
    out, done = "", 0
    for first, last, title, kind in sorted(wrong):
        if first >= done:
            out += f'{_text(piece.source[done:first])}<span class="{kind}" title="{title}">'
            out += f"{_text(piece.source[first:last])}</span>"
            done = last
    return out + _text(piece.source[done:])


def _words(text: str) -> _Fragment:
    return _Fragment(_text(text), text, words=True)


_TAGS = "p h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td strong em s sup sub"
_PLAIN_TAGS: Final = frozenset(_TAGS.split())


def _tag(t: Token) -> str:
    if t.hidden:  # the paragraphs of a tight list
        return ""
    tag = t.tag
    if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):  # below the headings of the page
        tag = f"h{min(6, int(tag[1]) + 2)}"
    if t.nesting < 0:
        return f"</{tag}>"
    attributes = ""
    start: Any = t.attrGet("start")
    if tag == "ol" and start is not None:
        attributes = f' start="{int(start)}"'
    style = str(t.attrGet("style") or "")
    if style in ("text-align:left", "text-align:right", "text-align:center"):
        attributes = f' style="{style}"'
    return f"<{tag}{attributes}>"


def _inline(token: Token, formulas: Sequence[Segment]) -> Iterator[_Fragment]:
    addresses: list[str] = []
    for t in token.children or ():
        if t.type == "code_inline":
            yield _Fragment("<code>")
            yield _words(restored(t.content, formulas))
            yield _Fragment("</code>")
        elif t.type in ("softbreak", "hardbreak"):
            yield _Fragment("<br>\n")
        elif t.type == "image":
            yield _Fragment(f"<em>[picture: {_text(restored(t.content, formulas))}]</em>")
        elif t.type == "link_open":
            addresses.append(str(t.attrGet("href") or ""))
        elif t.type == "link_close":
            if addresses and (address := addresses.pop()):
                yield _Fragment(f' <span class="address">({_text(address)})</span>')
        elif t.tag in _PLAIN_TAGS and t.nesting:
            yield _Fragment(_tag(t))
        else:
            yield from _marked(t.content, formulas)


def _marked(text: str, formulas: Sequence[Segment]) -> Iterator[_Fragment]:
    """Words with the formulas that their marks number."""
    text, at = minus_signs(text), 0
    for m in MARK.finditer(text):
        yield _words(text[at : m.start()])
        if int(m[1]) < len(formulas):
            segment = formulas[int(m[1])]
            yield _Fragment(formula(segment), segment.raw)
        at = m.end()
    yield _words(text[at:])


def _text(text: str) -> str:
    return _html.escape(without_controls(text), quote=True)


@cache
def _lexer() -> Any:
    from pygments.lexers.python import PythonLexer

    return PythonLexer(stripnl=False, ensurenl=False)


def _highlighted(source: str) -> str:
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter

    if len(source) > 20_000:
        return _isolated(_text(source))
    return _isolated(str(highlight(without_controls(source), _lexer(), HtmlFormatter(nowrap=True))).rstrip("\n"))


_FROM_RIGHT: Final = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]\\w*(?: +[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]\\w*)*"
)


def _isolated(code: str) -> str:
    """HTML of code, in which letters from right to left do not reorder the numbers and signs behind them."""
    return _FROM_RIGHT.sub(r"<bdi>\g<0></bdi>", code)
