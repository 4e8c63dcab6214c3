package core

default accepted := true

accepted := governed if input.kind.kind == "Deployment"

accepted := analysed if input.kind.kind == "Rollout"

accepted := bounded if input.kind.kind == "AnalysisTemplate"

default governed := false

governed if {
	some canary in data.canaries
	canary.metadata.namespace == input.namespace
	canary.spec.targetRef.kind == "Deployment"
	canary.spec.targetRef.name == input.name
}

governed if {
	some rollout in data.rollouts
	rollout.metadata.namespace == input.namespace
	rollout.spec.workloadRef.kind == "Deployment"
	rollout.spec.workloadRef.name == input.name
}

default analysed := false

analysed if input.object.spec.strategy.canary.analysis

analysed if {
	some step in input.object.spec.strategy.canary.steps
	step.analysis
}

analysed if input.object.spec.strategy.blueGreen.prePromotionAnalysis

analysed if input.object.spec.strategy.blueGreen.postPromotionAnalysis

default bounded := false

bounded if {
	count(input.object.spec.metrics) > 0
	every metric in input.object.spec.metrics {
		has_condition(metric)
	}
}

has_condition(metric) if metric.successCondition

has_condition(metric) if metric.failureCondition
