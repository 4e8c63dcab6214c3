//! What is counted of the cluster that is watched.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use crate::cluster::{KindStatus, LiveCluster};

/// Reads the state of each kind whenever it is asked for.
#[derive(Debug)]
pub(super) struct ClusterMetrics(pub(super) Arc<LiveCluster>);

impl Collector for ClusterMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let kinds = self.0.status();
        let number = |number: usize| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        let mut family = Families { encoder: &mut encoder, kinds: &kinds };
        family.add("cluster_synced", "1 once the kind was read from the cluster", None, |status| {
            Some(number(status.synced.into()))
        })?;
        family.add("cluster_served", "0 where the cluster does not serve the kind", None, |status| {
            Some(number(status.served.into()))
        })?;
        family.add("cluster_objects", "Objects in memory", None, |status| Some(number(status.objects)))?;
        let help = "What the texts of the objects take in memory";
        family.add("cluster_memory", help, Some(&Unit::Bytes), |status| Some(number(status.bytes)))?;
        let help = "Time since the API server last answered about the kind";
        family.add("cluster_contact_age", help, Some(&Unit::Seconds), |status| {
            status.contact_age.map(|age| ConstGauge::new(age.as_secs_f64()))
        })?;
        family.add("cluster_errors", "Failed lists and broken watches", None, |status| {
            Some(ConstCounter::new(status.errors))
        })
    }
}

struct Families<'a, 'b> {
    encoder: &'a mut DescriptorEncoder<'b>,
    kinds: &'a [KindStatus],
}

impl Families<'_, '_> {
    /// Adds a metric with a value for each kind that has one.
    fn add<M: EncodeMetric + TypedMetric>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: impl Fn(&KindStatus) -> Option<M>,
    ) -> Result<(), fmt::Error> {
        let mut family = self.encoder.encode_descriptor(name, help, unit, M::TYPE)?;
        for status in self.kinds {
            if let Some(value) = value(status) {
                value.encode(family.encode_family(&[("kind", status.kind.to_string())])?)?;
            }
        }
        Ok(())
    }
}
