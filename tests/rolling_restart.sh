#!/usr/bin/env bash
# Restarts two instances behind a load balancer in turn, under load, and counts what callers notice.
#     cargo build --locked && tests/rolling_restart.sh [haproxy|nginx] [RESTARTS]
# haproxy checks /readyz and is configured to repeat no request: what is not lost, the service itself has not lost. nginx has
# no health checks and is configured as docs/operations.md says. Then one instance is killed, which may cost callers what it
# had in flight and no more. TESTRIBUTE may name another program than the debug build.
set -euo pipefail
cd "$(dirname "$0")/.."
balancer=${1:-haproxy}
restarts=${2:-20}
testribute=${TESTRIBUTE:-target/debug/testribute}
folder=$(mktemp -d)
pids=()
finish() {
    kill "${pids[@]}" "${instances[@]:-}" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
fail() {
    echo "rolling restart: $1" >&2
    exit 1
}

# The ports are free now, and each instance has to have the same again.
read -r tes_port front_port port_0 port_1 < <(python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(4)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))
PYTHON
)
ports=("$port_0" "$port_1")
instances=("" "")

start() {
    TESTRIBUTE__SERVER__HOST=127.0.0.1 TESTRIBUTE__SERVER__PORT=${ports[$1]} TESTRIBUTE__LOG__LEVEL=warn \
        TESTRIBUTE__SERVER__READINESS_DELAY_SEC=1.5 TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS=127.0.0.0/8 \
        TESTRIBUTE__LOCATIONS__DATABASE=none TESTRIBUTE__EXCHANGE_RATES__SOURCE=static \
        "$testribute" serve 2>>"$folder/service.log" &
    instances[$1]=$!
    for _ in $(seq 100); do
        if curl -sf --noproxy '*' -o "$folder/ready" "http://127.0.0.1:${ports[$1]}/readyz"; then
            # Until the load balancer has noticed.
            sleep 0.7
            return
        fi
        sleep 0.1
    done
    cat "$folder/service.log" >&2
    fail "an instance did not start"
}

"$testribute" mock-tes --port "$tes_port" --currency EUR --cpu-usage 1 --memory-consumption 1 --data-storage 1 \
    --data-transfer 1 --queue-sec 1 >"$folder/tes.log" 2>&1 &
pids+=($!)
start 0
start 1
case $balancer in
    haproxy)
        cat >"$folder/haproxy.cfg" <<CONFIG
defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 30s
    # Another connection if one is refused: no request that was sent is repeated.
    retries 3
    option redispatch 1
listen testribute
    bind 127.0.0.1:$front_port
    option httpchk GET /readyz
    default-server check inter 200ms fall 2 rise 2
    server one 127.0.0.1:$port_0
    server two 127.0.0.1:$port_1
CONFIG
        haproxy -f "$folder/haproxy.cfg" >"$folder/balancer.log" 2>&1 &
        ;;
    nginx)
        cat >"$folder/nginx.conf" <<CONFIG
daemon off;
pid $folder/nginx.pid;
error_log $folder/balancer.log;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    upstream testribute {
        server 127.0.0.1:$port_0 max_fails=1 fail_timeout=1s;
        server 127.0.0.1:$port_1 max_fails=1 fail_timeout=1s;
        keepalive 64;
        keepalive_timeout 1s;
    }
    server {
        listen 127.0.0.1:$front_port;
        location / {
            proxy_pass http://testribute;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s;
            proxy_next_upstream error timeout http_503 non_idempotent;
        }
    }
}
CONFIG
        nginx -c "$folder/nginx.conf" -p "$folder" 2>"$folder/nginx.log" &
        ;;
    *) fail "the load balancer is haproxy or nginx" ;;
esac
pids+=($!)
sleep 1

cat >"$folder/load.py" <<'PYTHON'
"""64 callers, each with one request at a time over a connection that is kept, until there is a file named stop."""
import http.client, json, os, sys, threading
port, tes_port, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
needs = {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 10}
body = json.dumps({"tes_uris": [f"http://127.0.0.1:{tes_port}/ga4gh/tes/v1/"], "resource_requirements": needs})
lock, counts = threading.Lock(), {}
def count(what):
    with lock:
        counts[what] = counts.get(what, 0) + 1
def call():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    while not os.path.exists(f"{folder}/stop"):
        try:
            connection.request("POST", "/rank-services", body, {"content-type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            count("ok" if response.status == 200 and b'"rank":1' in answer else f"status {response.status}")
        except OSError as error:
            count(type(error).__name__)
            connection.close()
        except http.client.HTTPException as error:
            count(type(error).__name__)
            connection.close()
threads = [threading.Thread(target=call) for _ in range(64)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
failed = sum(number for what, number in counts.items() if what != "ok")
print(counts.get("ok", 0), failed, counts)
PYTHON

load() {
    rm -f "$folder/stop"
    python3 "$folder/load.py" "$front_port" "$tes_port" "$folder" >"$folder/counts" &
    loader=$!
    sleep 1
}
end_load() {
    touch "$folder/stop"
    wait "$loader"
    read -r ok failed counts <"$folder/counts"
}

load
for number in $(seq 0 $((restarts - 1))); do
    one=$((number % 2))
    kill -TERM "${instances[$one]}"
    code=0
    wait "${instances[$one]}" || code=$?
    [ "$code" = 0 ] || fail "an instance ended with exit code $code"
    start "$one"
done
end_load
echo "rolling restart behind $balancer: $restarts restarts, $ok requests answered, $failed failed ($counts)"
[ "$failed" = 0 ] || fail "$failed requests failed"
[ "$ok" -gt 1000 ] || fail "only $ok requests were answered: there was no load"

load
kill -KILL "${instances[0]}"
wait "${instances[0]}" 2>/dev/null || true
sleep 2
end_load
echo "kill -9 behind $balancer: $ok requests answered, $failed failed ($counts)"
[ "$failed" -le 64 ] || fail "more requests failed than were in flight"
