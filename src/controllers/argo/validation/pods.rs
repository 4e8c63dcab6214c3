//! The selector and the pod template.

use std::collections::BTreeSet;

use super::Mistakes;
use crate::controllers::argo::spec::{RolloutSpec, Selector};
use crate::kubernetes::PodTemplate;

impl Mistakes {
    /// The selector, and the pod template as a `ReplicaSet` would have to accept it.
    pub(super) fn pods(&mut self, spec: &RolloutSpec) {
        if spec.workload_ref.is_some() {
            let metadata = spec.template.as_ref().map(|template| &template.metadata);
            if metadata.is_some_and(|found| !found.labels.is_empty() || !found.annotations.is_empty()) {
                self.add(
                    "spec.template",
                    "both a pod template and a workloadRef are declared",
                    "keep the template in the workload that workloadRef names",
                );
            }
            return;
        }
        match &spec.selector {
            None => self.add("spec.selector", "no selector is declared", "set matchLabels"),
            Some(selector) if selector.is_empty() => {
                self.add(
                    "spec.selector",
                    "the selector is empty, and so selects every pod",
                    "set matchLabels",
                );
            }
            Some(_) => {}
        }
        match &spec.template {
            None => self.add(
                "spec.template",
                "neither a pod template nor a workloadRef is declared",
                "declare one of them",
            ),
            Some(template) => self.template(template, spec.selector.as_ref()),
        }
    }

    fn template(&mut self, template: &PodTemplate, selector: Option<&Selector>) {
        const PODS: &str = "spec.template.spec";
        for (key, value) in selector.iter().flat_map(|selector| &selector.match_labels) {
            if template.metadata.labels.get(key) != Some(value) {
                self.add(
                    "spec.template.metadata.labels",
                    &format!("the pods do not have the label {key}: {value} that spec.selector asks for"),
                    "give the pods the labels of the selector",
                );
            }
        }
        let containers = &template.spec.containers;
        if containers.is_empty() {
            self.add(&format!("{PODS}.containers"), "the pods have no container", "declare one");
        }
        let mut names = BTreeSet::new();
        for (index, container) in containers.iter().enumerate() {
            let path = format!("{PODS}.containers[{index}]");
            if !is_dns_label(&container.name) {
                self.add(
                    &format!("{path}.name"),
                    &format!("the container's name {:?} is no DNS label", container.name),
                    "use lower-case letters, digits and hyphens",
                );
            } else if !names.insert(&container.name) {
                self.add(
                    &format!("{path}.name"),
                    &format!("two containers are named {}", container.name),
                    "give each a name of its own",
                );
            }
            if container.image.is_empty() {
                self.add(&path, &format!("the container {} has no image", container.name), "set image");
            }
        }
        if !matches!(template.spec.restart_policy.as_str(), "" | "Always") {
            self.add(
                &format!("{PODS}.restartPolicy"),
                &format!(
                    "pods of a Rollout restart Always, and restartPolicy is {}",
                    template.spec.restart_policy
                ),
                "leave it out",
            );
        }
    }
}

fn is_dns_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
