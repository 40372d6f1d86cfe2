#!/usr/bin/env bash
# Fails if a word is back that the code and its documents no longer use, and prints where, with the word to use instead.
# The first list goes for all text; the second, of words that are common English, for names of items in Rust only.
set -euo pipefail
cd "$(dirname "$0")/.."

text=(src crates python plugins tests benches examples fuzz/fuzz_targets config openapi docs README.md SECURITY.md CONTRIBUTING.md)
rust=('src/*.rs' 'crates/*.rs' 'python/*.rs')

# pattern (Perl, case-sensitive) | what to write
# shellcheck disable=SC2016
words='
(?<!\bin )\bturn\b(?! (\w+ ){0,5}(out|into|off|on|up|round)\b)|\bturns\b(?! (\w+ ){0,5}(out|into|off|on|up|round)\b)|_turns?\b|\bturns?_|permit, acquire, release
\bTurns?\b(?! (\w+ ){0,5}(out|into|off|on|up|round)\b)|Permit
\b[Ee]rrands?\b|CallScope
[Pp]atience|PATIENCE|TimeBudget, timeout, deadline
\b[Hh]arvest|merge
\b[Ff]orests?\b|ObjectTree
\bTold\b|AnswerParts, or a name for what it holds
\bDoors?\b|Listener, Probe
\b[Mm]anners\b|behaviour
(?<!Human Cell )\b[Aa]tlas\b|\.atlas\b|TRATLAS|ip_locations, location table
\btake_down\b|\b[Tt]akes? down\b|\btaken down\b|\btook down\b|record_outcome, record
\bSighting|ObjectRecords
[Ff]ingerprint|cache_key
\b[Ww]hoever\b|callers, clients, waiters
\b[Ww]ho asks\b|\bwhat is told\b|\bcan be had\b|the noun: caller, message, available
\b[Dd]ear(er|est)?\b|TooDear|expensive, implausible price
knows no address for its host name|does not resolve (no A or AAAA record)
has its answer not ready|answered 202 with Retry-After
which cannot be meant|implausible
does not say whom it is about|has no subject (claim `sub`)
'

# kind and name of the item | what to write
items='
(struct|enum|type) Pass|Authorization
(struct|enum|type) Proof|Credential
(struct|enum|type) Leave|Permit
(struct|enum|type) Feed|Refreshing
(struct|enum|type) Wire|Transport
(struct|enum|type) Question|Method
(struct|enum|type) (Said|Kept|Known)|a noun for what it holds
(struct|enum|type) Round|CallScope
(struct|enum|type) Stop|CliError
(struct|enum|type) Ways?|AccessMethod
(struct|enum|type) Pattern|TesMatch, HostMatch
(struct|enum|type) Fault|ConfigFault, RequestFault
(struct|enum|type) (Image|ImageReader|Draft)|file, table builder
mod (turns|errand|shared|pass|wire|head|said|harvest|patience|feed|memory|stock|stock_drs|atlas|image|draft|fingerprint)|the names of docs/architecture.md
fn (take_down|take_in)|record_outcome, accept
fn (plant|grow|harvest)|add_root, add_child, merge
fn (ways|locate_ways)|access_methods
fn (leave|ask_once|on_errand|with_turn|give_back)|acquire, get_or_fetch, CallScope, release
'

found=0
# check LIST PREFIX SUFFIX FILES...
check() {
    local list=$1 prefix=$2 suffix=$3 entry pattern hits hit
    shift 3
    while IFS= read -r entry; do
        [ -n "$entry" ] || continue
        pattern=${entry%|*}
        hits=$(git grep --untracked -nIP -e "$prefix($pattern)$suffix" -- "$@" || true)
        [ -n "$hits" ] || continue
        found=$((found + $(wc -l <<<"$hits")))
        while IFS= read -r hit; do
            printf '%s    [%s]\n' "$hit" "${entry##*|}"
        done <<<"$hits"
    done <<<"$list"
}

check "$words" '' '' "${text[@]}" ':!tests/it/fixtures' ':!tests/ui' ':!*.lock'
check "$items" '\b' '\b' "${rust[@]}"
# Right in one place: sections of the configuration, the server of a test, a line on the console.
check 'mod outbound|client' '\b' '\b' "${rust[@]}" ':!src/config'
check '(struct|enum|type) Server|DrsSession, or what it serves' '\b' '\b' "${rust[@]}" ':!src/config' ':!crates/*/tests/*'
check '(struct|enum|type) Reason|ProblemReason, UnrankableReason, ConfigFaultReason' '\b' '\b' "${rust[@]}"
check 'fn note|record_outcome, record' '\b' '\b' "${rust[@]}" ':!src/cli'
check 'fn open|expand' '\b' '\(&mut self' 'src/drs/*.rs' 'src/pipeline*'

if [ "$found" -gt 0 ]; then
    echo "words: $found places use a retired word" >&2
    exit 1
fi
echo "words: none of the retired words is used"
