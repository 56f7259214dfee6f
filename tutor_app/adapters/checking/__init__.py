"""Finds the statements of a text that can be checked, and checks them, in a process of its own.

Read the modules in this order:

1. :mod:`.checker`, the face: ``Checker.check`` for the statements of a solution, ``answer`` for its answer, ``work``
   for a student's own lines. :mod:`.worker` is the other end, in the checking process.
2. Statements: :mod:`.reading` keeps what was read while a text grows; :mod:`.passage` reads a stretch of it (``read``)
   and collects the claims.
3. From text to chains: :mod:`.scanner` and :mod:`.typed` make tokens; :mod:`.chains` finds ``a = b = c``, with the
   readers of :mod:`.prose` and :mod:`.formulas`; :mod:`.layouts` reads columns and tables.
4. From a chain to a verdict: :mod:`.links` judges one ``a = b`` in its :mod:`.context`, by the exact arithmetic of
   :mod:`.judging`; :mod:`.rewritings`, :mod:`.consequences` and :mod:`.symbolic` (SymPy) where that is not enough;
   :mod:`.doubts` and :mod:`.clauses` where "false" would be too much.
5. Statements in words: :mod:`.rules` tells how a rule is made; the rules stand in the modules named ``..._rules``.
6. The text as a whole: :mod:`.hindsight`, :mod:`.false_laws` and :mod:`.posed`; :mod:`.trying` takes back what would be
   called true with any other number, too.
7. Answers: :mod:`.answers`, with the problems that :mod:`.tasks` recognises. Students' lines: :mod:`.work`, from
   :mod:`.work.judge` on.

The readers of terms are those of :mod:`tutor_app.adapters.grading`.
"""
