#!/bin/sh
# Creates $VENV and installs codecbench with all extras at the versions of constraints.txt.
# Needs Python 3.11 or newer and a package index, nothing else: one dependency (pesq) comes as C source, and where the
# machine has no C compiler, one that is a Python package is used for it.
set -eu
PYTHON="${PYTHON:-python3}"
VENV="${VENV:-.venv}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "codecbench needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1). Name another with make PYTHON=..." >&2
    exit 1
}
[ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
PIP="$VENV/bin/python -m pip --disable-pip-version-check --quiet"

# pesq is compiled while it is installed: it needs Python's header files and a C compiler.
"$VENV/bin/python" -c 'import sys, sysconfig, pathlib
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file())' || {
    echo "pesq needs the header files of $PYTHON, which are not installed (on Debian: apt install python3-dev)." >&2
    exit 1
}
if [ -z "${CC:-}" ] && ! command -v cc >/dev/null 2>&1 && ! command -v gcc >/dev/null 2>&1; then
    echo "No C compiler here: installing one as a Python package, for pesq only."
    $PIP install -c constraints.txt ziglang
    CC="$("$VENV/bin/python" -c 'import pathlib, ziglang; print(pathlib.Path(ziglang.__file__).parent / "zig")') cc"
    export CC LDSHARED="$CC -shared"
fi
echo "Installing codecbench and its packages into $VENV (about 7 GB, a few minutes the first time) ..."
$PIP install -c constraints.txt -e '.[all,dev]'
