"""Start the program: ``tutor`` or ``python -m tutor_app``.

In a frozen bundle this is the only executable, so it also turns into one of the worker processes when
asked to, before anything else is imported.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:2] == ["--engine-worker"]:
        from tutor_app.adapters.engine import worker as engine_worker

        engine_worker.main()
    if sys.argv[1:2] == ["--sandbox-worker"]:
        from tutor_app.adapters.sandbox import worker as sandbox_worker

        sandbox_worker.main(sys.argv[2:])
    if sys.argv[1:2] == ["--checking-worker"]:
        from tutor_app.adapters.checking import worker as checking_worker

        return checking_worker.main()
    if sys.argv[1:2] == ["--grading-worker"]:
        from tutor_app.adapters.grading import worker as grading_worker

        return grading_worker.main()
    if sys.argv[1:2] == ["--verifying-worker"]:
        from tutor_app.adapters.verifying import worker as verifying_worker

        return verifying_worker.main()
    try:
        from tutor_app.commands import parser

        return parser.main()
    except (ImportError, SyntaxError) as e:  # a file of a package is missing or cut off
        what = f"the part {e.name} is missing" if isinstance(e, ModuleNotFoundError) else str(e)
        print(f"tutor: The program is not installed as a whole: {what}. Install it again.", file=sys.stderr)  # noqa: T201
        return 3


if __name__ == "__main__":
    sys.exit(main())
