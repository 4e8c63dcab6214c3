//! What is told of the server's certificate.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::tls::Endpoint;

/// Reads the end of the certificate in use whenever it is asked for.
#[derive(Debug)]
pub(super) struct CertificateMetrics(pub(super) Arc<Endpoint>);

impl Collector for CertificateMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let (name, help) = ("certificate_expiry_timestamp", "When the certificate in use ends");
        let unit = Some(&Unit::Seconds);
        let family = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        ConstGauge::new(self.0.expiry()).encode(family)
    }
}
