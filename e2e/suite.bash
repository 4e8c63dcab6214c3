# What both suites share: where things are, and how a request is put to the policy.

cd "$BATS_TEST_DIRNAME/.." || exit 1

POLICY=dist/policy.wasm

# judge PROGRAM REQUEST [OPTION...]: puts a request of e2e/requests to the policy.
judge() {
  local program=$1 request=$2
  shift 2
  run "$program" run --request-path "e2e/requests/$request.json" "$@" "$POLICY"
  echo "$output"
}
