#!/usr/bin/env bash
# Checks the alerts of deploy/prometheus, runs Prometheus against a service under some load, and evaluates every expression of
# alerts and dashboard: each must be valid and, if it is of the dashboard, find something.
#     cargo build --locked && tests/prometheus.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/demo.sh
folder=$(mktemp -d)
server=""
finish() {
    kill "$server" "$demo" 2>/dev/null || true
    rm -rf "$folder" "$demo_log"
}
trap finish EXIT

(cd deploy/prometheus && promtool check config prometheus.yml && promtool test rules alerts_test.yml)
metrics() { curl -sf --noproxy '*' "$root/metrics"; }
metrics | promtool check metrics

line=$(grep -E '^ +curl -s http' "$demo_log")
# With a TES that is not there, too, for warnings.
with_warning=${line/\"tes_uris\":[/\"tes_uris\":[\"http://127.0.0.1:9/\",}
[ "$with_warning" != "$line" ] || { echo "prometheus: the request has another form: $line" >&2; exit 1; }
rank() {
    for _ in 1 2 3 4 5; do
        bash -c "$line --noproxy '*'" >"$folder/answer"
        bash -c "$with_warning --noproxy '*'" >"$folder/answer"
    done
}
rank
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed "s/127.0.0.1:9091, 127.0.0.1:9092/${root#http://}/; s/15s/1s/g" deploy/prometheus/prometheus.yml >"$folder/prometheus.yml"
cp deploy/prometheus/alerts.yml "$folder/"
prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --web.listen-address="127.0.0.1:$port" >"$folder/prometheus.log" 2>&1 &
server=$!
# Rates need some scrapes, with changes between them.
for _ in $(seq 8); do
    sleep 1
    rank
done
python3 - "$port" <<'PYTHON'
import json, sys, urllib.parse, urllib.request

opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
root = f"http://127.0.0.1:{sys.argv[1]}/api/v1"

def get(path):
    with opener.open(f"{root}/{path}") as answer:
        return json.load(answer)["data"]

def query(expression):
    return get("query?" + urllib.parse.urlencode({"query": expression}))["result"]

empty = []
with open("deploy/grafana/testribute.json") as file:
    panels = json.load(file)["panels"]
expressions = 0
for panel in panels:
    for target in panel["targets"]:
        expression = target["expr"].replace("$__rate_interval", "5s").replace("$job", ".*")
        expressions += 1
        if not query(expression):
            empty.append(f"{panel['title']}: {target['expr']}")
# No rates are fetched in the demonstration, and no request is refused for want of DNS.
unexpected = [text for text in empty if "exchange_rates" not in text and "table_age" not in text]
if unexpected:
    sys.exit("prometheus: these panels show nothing:\n" + "\n".join(unexpected))
rules = [rule for group in get("rules")["groups"] for rule in group["rules"]]
bad = [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] != "ok"]
if bad or len(rules) < 10:
    sys.exit(f"prometheus: rules fail: {bad}")
firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
print(f"prometheus: {expressions} expressions of {len(panels)} panels and {len(rules)} alerts were evaluated; firing: {firing}")
PYTHON
