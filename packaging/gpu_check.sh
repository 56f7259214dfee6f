#!/usr/bin/env bash
# Everything of the trainer that needs a GPU, in at most 12 minutes and without a network; writes one JSON file.
#   packaging/gpu_check.sh --out build/gpu.json [--base MODEL] [--data GSM8K_TRAIN.jsonl]
#   packaging/gpu_check.sh --dry --out build/gpu.json     the same steps with a tiny model on a CPU
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
[ -x "$python" ] || python=${PYTHON:-python3}
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" packaging/gpu_check.py "$@"
