#!/usr/bin/env bash
# Makes what a release consists of, from its tag: binaries (static where the musl target is there), checksums, an SBOM, and the
# image with labels and digest (where an engine is there), in target/release-VERSION. Says at the end what it could not make.
#     scripts/release.sh [--dry-run] vX.Y.Z
# --dry-run checks what can be checked without building, and prints the commands.
set -euo pipefail
cd "$(dirname "$0")/.."
dry_run=false
if [ "${1:-}" = --dry-run ]; then
    dry_run=true
    shift
fi
tag=${1:?usage: scripts/release.sh [--dry-run] vX.Y.Z}
version=${tag#v}
fail() {
    echo "release: $1" >&2
    exit 1
}
# What a dry run only warns of: there is no tag yet.
must() {
    if "$dry_run"; then echo "release: warning: $1" >&2; else fail "$1"; fi
}
run() {
    if "$dry_run"; then echo "would run: $*"; else "$@"; fi
}

[[ $tag =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "$tag is no tag of a version, such as v1.2.3"
in_manifest=$(sed -n '/^\[workspace.package\]/,/^\[/ s/^version = "\(.*\)"/\1/p' Cargo.toml)
[ "$in_manifest" = "$version" ] || fail "Cargo.toml has version $in_manifest"
grep -q "^  version: $version$" openapi/testribute.openapi.yaml || fail "the OpenAPI document is of another version"
grep -q "^## \[\?$version\]\?" CHANGELOG.md || must "CHANGELOG.md has no section for $version"
cargo metadata --locked --format-version 1 --no-deps >/dev/null || fail "Cargo.lock does not fit Cargo.toml"
[ -z "$(git status --porcelain)" ] || must "there are changes that are not committed"
[ "$(git rev-parse -q --verify "$tag^{commit}" || true)" = "$(git rev-parse HEAD)" ] || must "$tag is not the current commit"
# Before the builds, which take half an hour.
if ! "$dry_run" && ! cargo cyclonedx --version >/dev/null 2>&1; then
    fail "cargo cyclonedx is not there: cargo install --locked cargo-cyclonedx"
fi
missing=()
commit=$(git rev-parse HEAD)
# Archives of one commit are the same, whenever they are made.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

out=target/release-$version
run rm -rf "$out"
run mkdir -p "$out"

native=$(rustc -vV | sed -n 's/^host: //p')
targets=("$native")
# rustc --print says where the standard library of a target would be.
musl=$(uname -m)-unknown-linux-musl
if [ -d "$(rustc --print target-libdir --target "$musl")" ] && command -v musl-gcc >/dev/null; then
    targets+=("$musl")
else
    missing+=("static binary (it needs 'rustup target add $musl' and musl-gcc)")
fi
for target in "${targets[@]}"; do
    run cargo build --profile dist --locked --no-default-features --features otlp --bin testribute --target "$target"
    name=testribute-$version-$target
    run mkdir -p "$out/$name"
    run cp "target/$target/dist/testribute" LICENSE README.md CHANGELOG.md config/config.yaml "$out/$name/"
    run tar --create --gzip --file "$out/$name.tar.gz" --directory "$out" --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
        --owner=0 --group=0 --numeric-owner "$name"
    run rm -r "${out:?}/$name"
done

# What the binaries consist of, with what builds them: the page of the API comes from a build dependency. It writes one for
# every member of the workspace; that of the program has the others in it. The path of this folder is left out.
sbom=testribute-$version.cdx
run cargo cyclonedx --format json --spec-version 1.5 --no-default-features --features otlp --override-filename "$sbom"
run sed -i "s|$PWD|.|g" "$sbom.json"
run mv "$sbom.json" "$out/"
run rm -f "crates/ip-locations/$sbom.json" "crates/testribute-mock/$sbom.json" "python/$sbom.json"

if "$dry_run" || docker info >/dev/null 2>&1; then
    run docker build \
        --label "org.opencontainers.image.title=testribute" \
        --label "org.opencontainers.image.version=$version" \
        --label "org.opencontainers.image.revision=$commit" \
        --label "org.opencontainers.image.licenses=Apache-2.0" \
        --label "org.opencontainers.image.created=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" \
        --tag "testribute:$version" --iidfile "$out/image-digest.txt" .
    run docker save --output "$out/testribute-$version-image.tar" "testribute:$version"
else
    missing+=("image (there is no Docker engine)")
fi

for what in "${missing[@]}"; do
    echo "release: not made: $what"
done
if "$dry_run"; then
    echo "would write: $out/SHA256SUMS"
    echo "release: $tag is complete, as far as a dry run can tell"
    exit
fi
cd "$out"
sha256sum -- * >SHA256SUMS
cat SHA256SUMS
echo "release: $tag is in $out"
