#!/usr/bin/env bash
# Measures the program against its peer, and prints a table; see speed.py, which takes the same arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=${LICHANG_VENV:-${CARGO_TARGET_DIR:-target}/speed-venv}
packages=(scikit-learn==1.9.1 jieba==0.42.1 joblib)
peer=()
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || true
if "$venv/bin/pip" install -q --disable-pip-version-check "${packages[@]}" >&2; then
  peer=(--peer-python "$venv/bin/python")
else
  echo "passed over: the peer, as pip could not install ${packages[*]}" >&2
fi

case " $* " in *" --scale "*) "$venv/bin/pip" install -q --disable-pip-version-check pyarrow >&2 || true ;; esac

[ -n "${LICHANG_BIN:-}" ] || cargo build --release --locked
exec python3 benches/speed.py "${peer[@]}" "$@"
