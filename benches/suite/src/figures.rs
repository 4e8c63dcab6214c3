//! What criterion measured.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The group it is in.
    pub group: String,
    /// What was measured.
    pub function: String,
    /// With how much, or of which size.
    pub value: Option<String>,
    /// Bytes that were read each time.
    pub bytes: Option<u64>,
    /// The median, in seconds.
    pub time: f64,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<Figure>);

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Bytes")]
    bytes: Option<u64>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    /// In nanoseconds.
    point_estimate: f64,
}

impl Figures {
    /// Reads what criterion left in `folder`.
    ///
    /// # Errors
    /// When nothing is there, or it cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut figures = Vec::new();
        collect(folder, &mut figures)?;
        anyhow::ensure!(!figures.is_empty(), "criterion left nothing in {}", folder.display());
        Ok(Self(figures))
    }

    /// The time of one benchmark, in seconds.
    ///
    /// # Errors
    /// When it was not measured.
    pub fn time(&self, group: &str, function: &str, value: &str) -> anyhow::Result<f64> {
        let found = self.0.iter().find(|figure| {
            (figure.group.as_str(), figure.function.as_str()) == (group, function)
                && figure.value.as_deref().unwrap_or("") == value
        });
        found
            .map(|figure| figure.time)
            .with_context(|| format!("{group}/{function}/{value} was not measured"))
    }

    /// The bytes of one benchmark.
    #[must_use]
    pub fn bytes(&self, group: &str, value: &str) -> Option<u64> {
        let of_group = self.0.iter().filter(|figure| figure.group == group);
        of_group.filter(|figure| figure.value.as_deref() == Some(value)).find_map(|figure| figure.bytes)
    }

    /// Amounts and times in seconds of one series, by amount.
    #[must_use]
    pub fn series(&self, group: &str, function: &str) -> Vec<(f64, f64)> {
        let of_series = self.0.iter().filter(|figure| figure.group == group && figure.function == function);
        let mut series: Vec<(f64, f64)> = of_series
            .filter_map(|figure| Some((figure.value.as_ref()?.parse().ok()?, figure.time)))
            .collect();
        series.sort_by(|one, other| one.0.total_cmp(&other.0));
        series
    }
}

/// Takes in every benchmark below `folder`.
fn collect(folder: &Path, figures: &mut Vec<Figure>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.file_name().is_some_and(|name| name == "new") {
            figures.push(figure(&path)?);
        } else {
            collect(&path, figures)?;
        }
    }
    Ok(())
}

fn figure(folder: &Path) -> anyhow::Result<Figure> {
    let Benchmark { group_id, function_id, value_str, throughput } = read(&folder.join("benchmark.json"))?;
    let Estimates { median } = read(&folder.join("estimates.json"))?;
    Ok(Figure {
        group: group_id,
        function: function_id.unwrap_or_default(),
        value: value_str,
        bytes: throughput.and_then(|throughput| throughput.bytes),
        time: median.point_estimate / 1e9,
    })
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("cannot make sense of {}", path.display()))
}
