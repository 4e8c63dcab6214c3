#!/usr/bin/env bats
# What the policy answers. KWCTL names the program that runs it: kwctl where it is installed, else rollgate.

load suite.bash

setup() {
  KWCTL=${KWCTL:-$(command -v kwctl || echo dist/rollgate)}
}

# alone REQUEST [OPTION...]: the policy may look nothing up.
alone() {
  judge "$KWCTL" "$@"
}

# with SESSION REQUEST [OPTION...]: a recorded conversation stands for the cluster.
with() {
  local session=$1
  shift
  judge "$KWCTL" "$@" --allow-context-aware \
    --replay-host-capabilities-interactions "e2e/sessions/$session.yml"
}

accepted() {
  [ "$status" -eq 0 ]
  [ "$(expr "$output" : '.*"allowed":true.*')" -ne 0 ]
}

# accepted_silently: nothing is warned about either.
accepted_silently() {
  accepted
  [ "$(expr "$output" : '.*"warnings":null.*')" -ne 0 ]
}

# warned_by RULE
warned_by() {
  accepted
  [ "$(expr "$output" : ".*\"warned-by\":\"[^\"]*$1.*")" -ne 0 ]
}

# rejected_by RULE
rejected_by() {
  [ "$status" -eq 0 ]
  [ "$(expr "$output" : '.*"allowed":false.*')" -ne 0 ]
  [ "$(expr "$output" : ".*\"denied-by\":\"[^\"]*$1.*")" -ne 0 ]
}

# not_judged_by RULE
not_judged_by() {
  accepted
  [ "$(expr "$output" : ".*-by\":\"[^\"]*$1.*")" -eq 0 ]
}

# refused TEXT: there is no answer, and the reason has the text.
refused() {
  [ "$status" -eq 1 ]
  [ "$(expr "$output" : '.*Provided settings are not valid.*')" -ne 0 ]
  [ "$(expr "$output" : ".*$1.*")" -ne 0 ]
}

@test "a canary release with every guard is accepted" {
  with canary-rollout canary-rollout
  accepted_silently
}

@test "a blue-green release with every guard is accepted" {
  with blue-green-rollout blue-green-rollout
  accepted_silently
}

@test "a Flagger release with every guard is accepted" {
  with flagger-canary flagger-canary
  accepted_silently
}

@test "templates with thresholds are accepted" {
  with analysis-template analysis-template
  accepted_silently
  with metric-template metric-template
  accepted_silently
}

@test "what is none of its business is accepted" {
  alone config-map
  accepted_silently
}

@test "a first stage of 100 % is rejected" {
  with first-weight-100 first-weight-100
  rejected_by gradual-exposure
}

@test "a release without an analysis is rejected" {
  with no-analysis no-analysis
  rejected_by analysis-signals
}

@test "a release that is slow and promoted is rejected" {
  with success-rate-only success-rate-only
  rejected_by analysis-signals
}

@test "a metric that cannot fail is rejected" {
  with unlimited-failures unlimited-failures
  rejected_by analysis-thresholds
}

@test "a switch by hand without an analysis is rejected" {
  with manual-blue-green manual-blue-green
  rejected_by analysis-signals
}

@test "a Canary that skips its analysis is rejected" {
  with flagger-skip-analysis flagger-skip-analysis
  rejected_by no-skip
}

@test "a Deployment that nothing releases is rejected, and so is its next image" {
  with bare-deployment bare-deployment
  rejected_by no-bypass
  with bare-deployment deployment-new-image
  rejected_by no-bypass
}

@test "scaling is accepted, with nothing looked up" {
  alone rollout-scaled
  accepted_silently
  alone deployment-scaled
  accepted_silently
}

@test "the controller promotes, and nobody else does" {
  alone status-by-the-controller
  accepted_silently
  alone status-by-a-person
  rejected_by no-skip
}

@test "a template is deleted once no release needs it" {
  with template-in-use template-deleted
  rejected_by keep-guardrails
  with template-unused template-deleted
  accepted_silently
}

@test "a Rollout that runs is not deleted" {
  alone rollout-deleted
  rejected_by keep-guardrails
}

@test "what could not be looked up is a warning, or rejected where context is required" {
  alone canary-rollout
  warned_by resolved-references
  alone canary-rollout --settings-json '{"context": "required"}'
  rejected_by resolved-references
}

@test "enforcement warn rejects nothing" {
  with first-weight-100 first-weight-100 --settings-json '{"enforcement": "warn"}'
  warned_by gradual-exposure
}

@test "a rule can be turned off, and its parameter set" {
  alone first-weight-100 --settings-json '{"rules": {"gradual-exposure": "off", "analysis-coverage": "off"}}'
  not_judged_by gradual-exposure
  alone canary-rollout --settings-json '{"rules": {"gradual-exposure": {"maxFirstWeight": 1}}}'
  rejected_by gradual-exposure
}

@test "settings in YAML are read" {
  echo 'enforcement: warn' > "$BATS_TEST_TMPDIR/settings.yml"
  alone status-by-a-person --settings-path "$BATS_TEST_TMPDIR/settings.yml"
  warned_by no-skip
}

@test "settings that make no sense are refused" {
  alone canary-rollout --settings-json '{"profil": "strict"}'
  refused profil
  alone canary-rollout --settings-json '{"rules": {"no-such-rule": "deny"}}'
  refused no-such-rule
  alone canary-rollout --settings-json '{"rules": {"gradual-exposure": {"maxFirstWeight": 101}}}'
  refused maxFirstWeight
}
