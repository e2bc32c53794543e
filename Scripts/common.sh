# shellcheck shell=bash
# Shared by the scripts beside it, which source it: the project's folder, messages, the lock, pip,
# libtorch's version.
# Bash 3.2 (macOS) is enough.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=$(basename "$0")
cd "$project" || exit 1

# What debug builds are made with; other flags would build all anew.
build_flags=()
if [ "${VARLORA_WARNINGS_AS_ERRORS:-0}" = 1 ]; then
    build_flags=(
        -Xswiftc -warnings-as-errors -Xcxx -Werror --explicit-target-dependency-import-check error
    )
fi

# Says one line and ends with exit code 1.
fail() {
    echo "$script: $*" >&2
    exit 1
}

say() { echo "$script: $*" >&2; }

# Runs the calling script a second time under a lock named after it, so that two at once take
# turns. The lock belongs to open file 9: the system frees it however the script and its
# children end.
take_lock() {
    if [ "${VARLORA_LOCKED:-}" = "$script" ]; then
        unset VARLORA_LOCKED
        return 0
    fi
    mkdir -p .deps
    exec python3 - ".deps/$script.lock" "$script" "$project/Scripts/$script" "$@" <<'PYTHON'
import fcntl, os, sys
lock, name, *command = sys.argv[1:]
file = os.open(lock, os.O_CREAT | os.O_RDWR, 0o644)
try:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    print(f"{name}: another run is at work; waiting for it", file=sys.stderr, flush=True)
    fcntl.flock(file, fcntl.LOCK_EX)
os.dup2(file, 9, inheritable=True)
os.execve(command[0], command, dict(os.environ, VARLORA_LOCKED=name))
PYTHON
}

# pip of the python3 on PATH, or of a passing virtual environment where that python3 has none.
# Settings that would send files elsewhere than asked are switched off.
run_pip() {
    local python=python3
    if ! python3 -m pip --version >/dev/null 2>&1; then
        python=.deps/pip/bin/python
        if ! [ -x "$python" ] || ! "$python" -m pip --version >/dev/null 2>&1; then
            rm -rf .deps/pip
            python3 -m venv .deps/pip >/dev/null 2>&1 \
                || fail "python3 has no pip: install it (Debian: apt-get install python3-pip)"
        fi
    fi
    # Unpacking beside the target: /tmp may be small, and a rename there is no copy.
    mkdir -p .deps/tmp
    TMPDIR="$project/.deps/tmp" PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore "$python" -m pip "$@"
}

# Prints the version of the libtorch in folder $1, from whichever header defines it.
libtorch_version() {
    local header
    for header in torch/headeronly/version.h torch/csrc/api/include/torch/version.h; do
        [ -f "$1/include/$header" ] || continue
        awk '$2 == "TORCH_VERSION_MAJOR" { major = $3 } $2 == "TORCH_VERSION_MINOR" { minor = $3 }
            $2 == "TORCH_VERSION_PATCH" { patch = $3 }
            END { if (major != "") print major "." minor "." patch }' "$1/include/$header"
        return
    done
}
