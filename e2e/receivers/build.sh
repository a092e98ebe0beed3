#!/bin/sh
# Builds the receivers of the end-to-end tests into build/receivers (make receivers). What cannot be built, since the network or a program is
# missing, is named; the tests that need it are then skipped, so that is no failure.
cd "$(dirname "$0")" || exit 1
out=$(cd ../.. && pwd)/build/receivers
mkdir -p "$out" || exit 1

missing() {
	echo "make receivers: without $1, its tests are skipped: $2" >&2
}

if ! (cd splunkhec && CGO_ENABLED=0 "${GO:-go}" build -trimpath -buildvcs=false -o "$out/splunkhec" .); then
	rm -f "$out/splunkhec"
	missing 'the splunk_hec receiver' 'go build has failed'
fi

if [ ! -e "$out/moto/built" ] || [ moto.txt -nt "$out/moto/built" ]; then
	rm -rf "${out:?}/moto"
	if python3 -m venv "$out/moto" && "$out/moto/bin/pip" install -q -r moto.txt; then
		touch "$out/moto/built"
	else
		rm -rf "${out:?}/moto"
		missing "moto's S3" 'it needs python3 with venv and pip'
	fi
fi

if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
	missing 'OpenSearch and Elasticsearch' 'they need java, 17 or later, and mvn'
	exit 0
fi
for node in opensearch elasticsearch; do
	# Maven is slow even where nothing is to be done.
	if [ -e "$out/$node/built" ] && [ -z "$(find $node -newer "$out/$node/built" -type f)" ]; then
		continue
	fi
	rm -rf "${out:?}/$node"
	if mvn -q -B -f $node/pom.xml process-classes; then
		touch "$out/$node/built"
	else
		missing $node 'mvn has failed'
	fi
done
