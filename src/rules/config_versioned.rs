//! The old revision finds its old configuration.

use serde::Deserialize;

use super::{Document, Report, Rule, WARN_THEN_DENY};
use crate::case::Case;
use crate::cluster::{Kind, Unreadable};
use crate::glob::matches_glob;
use crate::json;
use crate::kubernetes::{ConfigurationSource, Entries, Metadata, PodSpec, or_default};
use crate::settings::Parameter;

pub(super) static RULE: Rule = Rule {
    name: "config-versioned",
    requirement: "REQ-PD-RBK-02",
    levels: WARN_THEN_DENY,
    parameters: &[&IGNORE],
    check,
};

pub(super) static DOCUMENT: Document = Document {
    meaning: "the ConfigMaps and Secrets that pods use come back with the old revision",
    why: "A revision holds the names of its ConfigMaps and Secrets, not what is in them: pods of the old revision start \
          with the new content. A checksum annotation on the pods does not help, for it tells of a change and does \
          not bring the old content back. Where the controller keeps copies, it does, unless an object opts out. \
          Secrets are judged by name alone: the policy never asks to read them.",
    mend: "Put a hash of the content, or a version, at the end of the name (kustomize's configMapGenerator does so), or \
           set immutable: true.",
};

static IGNORE: Parameter = Parameter::texts(
    "ignore",
    &[],
    &[],
    "names of ConfigMaps and Secrets, as globs, that may change at any time",
);

/// Kubernetes puts it into every namespace and every pod.
const CLUSTER_AUTHORITY: &str = "kube-root-ca.crt";

/// A `ConfigMap` or a Secret that pods use.
#[derive(Debug, PartialEq, Eq)]
struct Configuration<'a> {
    kind: &'static str,
    name: &'a str,
    /// JSON path below the template.
    field: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigMap {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    immutable: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    binary_data: Entries,
}

fn check(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(workload) = case.release().and_then(|release| release.plan.workload.as_ref()) else { return };
    let ignored = case.settings.texts(&IGNORE);
    for Configuration { kind, name, field } in configurations(&workload.template.spec) {
        if is_versioned(name) || ignored.iter().any(|pattern| matches_glob(pattern, name)) {
            continue;
        }
        let problem = match (kind == Kind::CONFIG_MAP.kind, workload.configuration_tracked) {
            (true, opt_out) => changeable(case, name, opt_out),
            (false, Some(_)) => Ok(None),
            (false, None) => Ok(Some("its name has no version")),
        };
        match problem {
            Ok(None) => {}
            Ok(Some(problem)) => report.find(
                workload.path(&field),
                format!("after a rollback the pods start with what {kind} {name} holds by then: {problem}"),
                "end its name with a hash of its content, or set immutable: true",
            ),
            Err(Unreadable(error)) => report.unasked(
                case,
                &workload.path(&field),
                format!("{kind} {name} could not be looked up, and its name has no version: {error}"),
                "grant the policy access to ConfigMaps, or set context",
            ),
        }
    }
}

/// Why the content of a `ConfigMap` may have changed by the time of a rollback, if it may.
fn changeable(
    case: &Case<'_>,
    name: &str,
    opt_out: Option<&str>,
) -> Result<Option<&'static str>, Unreadable> {
    let found = case.cluster.get(Kind::CONFIG_MAP, Some(case.namespace), name)?;
    let found = found.and_then(|json| json::from_str::<ConfigMap>(&json).ok());
    Ok(match (found, opt_out) {
        // What is not there yet is tracked from the start.
        (Some(ConfigMap { immutable: Some(true), .. }), _) | (None, Some(_)) => None,
        (Some(config), Some(opt_out)) => {
            let value = config.metadata.annotations.get(opt_out);
            if value.is_some_and(|value| value.starts_with("disable")) {
                Some("it opts out of being tracked")
            } else if config.binary_data.0 > 0 {
                Some("its binaryData is not tracked")
            } else {
                None
            }
        }
        (_, None) => Some("its name has no version, and it is not immutable"),
    })
}

/// The `ConfigMap`s and Secrets that pods cannot start without, each where it is named first.
fn configurations(pods: &PodSpec) -> Vec<Configuration<'_>> {
    let mut found = Vec::new();
    for (path, container) in pods.all_containers() {
        for (index, variable) in container.env.iter().enumerate() {
            if let Some(source) = &variable.value_from {
                add(source, &format!("{path}.env[{index}].valueFrom"), &mut found);
            }
        }
        add_all(&container.env_from, &format!("{path}.envFrom"), &mut found);
    }
    add_all(&pods.volumes, "spec.volumes", &mut found);
    for (index, volume) in pods.volumes.iter().enumerate() {
        if let Some(projected) = &volume.projected {
            add_all(&projected.sources, &format!("spec.volumes[{index}].projected.sources"), &mut found);
        }
    }
    found
}

fn add_all<'a>(sources: &'a [ConfigurationSource], path: &str, found: &mut Vec<Configuration<'a>>) {
    for (index, source) in sources.iter().enumerate() {
        add(source, &format!("{path}[{index}]"), found);
    }
}

fn add<'a>(source: &'a ConfigurationSource, path: &str, found: &mut Vec<Configuration<'a>>) {
    for (kind, reference) in [("ConfigMap", &source.config_map), ("Secret", &source.secret)] {
        let Some(reference) = reference else { continue };
        let name = reference.name.as_str();
        let counts = !matches!(name, "" | CLUSTER_AUTHORITY) && reference.optional != Some(true);
        if counts && !found.iter().any(|other| (other.kind, other.name) == (kind, name)) {
            found.push(Configuration { kind, name, field: path.to_owned() });
        }
    }
}

/// Whether a name ends in a hash of the content or in a version, and so changes with the content.
fn is_versioned(name: &str) -> bool {
    let Some((_, suffix)) = name.rsplit_once('-') else { return false };
    // kustomize writes hexadecimal digits so that they spell no words.
    let kustomize = suffix.len() == 10 && suffix.bytes().all(|byte| b"2456789bcdfghkmt".contains(&byte));
    // A word can be made of hexadecimal digits too, but not of figures.
    let hash = suffix.len() >= 7
        && suffix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && suffix.bytes().any(|byte| byte.is_ascii_digit());
    let version = suffix.strip_prefix('v').is_some_and(|version| {
        version.starts_with(|first: char| first.is_ascii_digit())
            && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    kustomize || hash || version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_ends_the_name() {
        for name in [
            "payments-5h8bf2ck9t",
            "payments-config-hbkmgtdfcb",
            "payments-3f2a91b",
            "payments-d41d8cd98f00b204e9800998ecf8427e",
            "payments-v12",
            "payments-v1.2.3",
        ] {
            assert!(is_versioned(name), "{name}");
        }
        for name in [
            "payments",
            "payments-config",
            "5h8bf2ck9t",
            "payments-effaced",
            "payments-3f2a9",
            "payments-5h8bf2ck9t-eu",
            "payments-5h8bf2ck9",
            "payments-a5h8bf2ck9",
            "payments-v",
            "payments-version",
            "payments-vault",
            "payments-production",
        ] {
            assert!(!is_versioned(name), "{name}");
        }
    }

    #[test]
    fn every_place_that_names_configuration_is_read() {
        let pods: PodSpec = json::from_str(
            r#"{"containers":[{"env":[{"name":"A","value":"a"},
                    {"name":"B","valueFrom":{"configMapKeyRef":{"name":"one","key":"b"}}},
                    {"name":"C","valueFrom":{"secretKeyRef":{"name":"two","key":"c"}}},
                    {"name":"D","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
                "envFrom":[{"configMapRef":{"name":"one"}},{"secretRef":{"name":"three","optional":true}}]}],
              "initContainers":[{"envFrom":[{"secretRef":{"name":"four"}}]}],
              "imagePullSecrets":[{"name":"pull"}],
              "volumes":[{"name":"v","emptyDir":{}},{"name":"v","configMap":{"name":"five"}},
                {"name":"v","secret":{"secretName":"six","optional":false}},
                {"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"token"}},
                    {"configMap":{"name":"kube-root-ca.crt"}},{"secret":{"name":"seven"}}]}}]}"#,
        )
        .unwrap();
        let found: Vec<String> = configurations(&pods)
            .into_iter()
            .map(|found| format!("{} {} {}", found.kind, found.name, found.field))
            .collect();
        assert_eq!(
            found,
            [
                "ConfigMap one spec.containers[0].env[1].valueFrom",
                "Secret two spec.containers[0].env[2].valueFrom",
                "Secret four spec.initContainers[0].envFrom[0]",
                "ConfigMap five spec.volumes[1]",
                "Secret six spec.volumes[2]",
                "Secret seven spec.volumes[3].projected.sources[2]",
            ]
        );
    }
}
