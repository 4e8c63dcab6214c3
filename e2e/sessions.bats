#!/usr/bin/env bats
# The recorded conversations are what manifests answer. RECORD=1 writes them anew. ROLLGATE names the program.

load suite.bash

setup() {
  ROLLGATE=${ROLLGATE:-dist/rollgate}
}

# records SESSION REQUEST MANIFESTS: the cluster holds the manifests and the controllers.
records() {
  local kept=e2e/sessions/$1.yml recorded=$BATS_TEST_TMPDIR/$1.yml
  judge "$ROLLGATE" "$2" --allow-context-aware --cluster-objects "$3" --cluster-objects demo/cluster.yaml \
    --record-host-capabilities-interactions "$recorded"
  [ "$status" -eq 0 ]
  if [ -n "${RECORD:-}" ]; then
    cp "$recorded" "$kept"
  fi
  diff "$kept" "$recorded"
}

@test "the examples answer their releases and templates" {
  records canary-rollout canary-rollout delivery/_examples
  records blue-green-rollout blue-green-rollout delivery/_examples
  records flagger-canary flagger-canary delivery/_examples
  records analysis-template analysis-template delivery/_examples
  records metric-template metric-template delivery/_examples
}

@test "the gallery answers its releases" {
  for name in first-weight-100 no-analysis success-rate-only unlimited-failures manual-blue-green \
    flagger-skip-analysis bare-deployment; do
    records "$name" "$name" "gallery/$name.yaml"
  done
}

@test "a template is in use while a release refers to it" {
  records template-in-use template-deleted delivery/_examples
  records template-unused template-deleted delivery/_examples/analysis-template.yaml
}
