#!/bin/sh
# Runs the project's own CloudTrail events through the bundled rules, in Fluent Bit where it is on PATH and else on the command line, and
# shows what goes in and what comes out. Run it by make demo, which builds first.
set -eu
cd "$(dirname "$0")/.."

events=testdata/events/cloudtrail.ndjson
out=build/demo
rm -rf "$out"
mkdir -p "$out"
total=$(grep -c . "$events")

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

# records prints what can be told apart of each record of a file: time, source, name.
records() { sed -E 's/.*"eventTime":"([^"]*)".*"eventSource":"([^".]*)[^"]*".*"eventName":"([^"]*)".*/  \1  \2:\3/; s/^\{.*/  (no CloudTrail record)/' "$1"; }

in_fluent_bit() {
	CLOUDTRAIL_FILES="$PWD/$events" SIGMA_RULES=builtin SIGMA_STATE="$PWD/$out" SIGMA_OUT="$PWD/$out" \
		fluent-bit -e "$PWD/build/flb-filter_sigma.so" -c conf/fluent-bit/tail-sigma.yaml >"$out/log" 2>&1 &
	host=$!
	trap 'kill $host 2>/dev/null || true' EXIT
	tries=0
	while [ "$(cat "$out/records.ndjson" 2>/dev/null | wc -l)" -lt "$total" ]; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ] || ! kill -0 $host 2>/dev/null; then
			echo "Fluent Bit did not deliver the records; its log:" >&2
			cat "$out/log" >&2
			exit 1
		fi
		sleep 0.1
	done
	kill -TERM $host
	wait $host || true
	trap - EXIT
}

on_command_line() {
	build/sigmatrail scan -o ndjson --all "$events" >"$out/records.ndjson" 2>"$out/log"
	grep -E '"sigma":\{"level":"(high|critical)"' "$out/records.ndjson" >"$out/alerts.ndjson"
}

say "In: $total events of $events"
records "$events"

if command -v fluent-bit >/dev/null; then
	say "Through $(fluent-bit --version | head -n 1) with build/flb-filter_sigma.so, as conf/fluent-bit/tail-sigma.yaml says"
	in_fluent_bit
	grep 'sigma' "$out/log" | sed 's/^/  /'
else
	say "Through the command line, build/sigmatrail: fluent-bit is not on PATH"
	on_command_line
	sed 's/^/  /' "$out/log"
fi

say "Out, first stream: $(grep -c . "$out/records.ndjson") records in $out/records.ndjson, $(grep -c '"sigma":{' "$out/records.ndjson") of them with hits. One as it leaves:"
grep '"eventName":"StopLogging"' "$out/records.ndjson"

say "Out, second stream: $(grep -c . "$out/alerts.ndjson") records with a high or critical hit in $out/alerts.ndjson"
sed -E 's/.*"eventName":"([^"]*)".*"sigma":\{"level":"([^"]*)","rules":\[(\{"id":"[^"]*",)?"title":"([^"]*)".*/  \2  \1: \4/' "$out/alerts.ndjson"

say "The same for people: build/sigmatrail scan $events"
build/sigmatrail scan -o table "$events" 2>/dev/null
