//! Lines over logarithmic axes, as SVG.

use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use plotters::prelude::*;

/// A line with its name: amounts and times in seconds.
pub type Line = (String, Vec<(f64, f64)>);

const SIZE: (u32, u32) = (720, 400);
const FONT: &str = "sans-serif";

/// Draws `lines` over `amount` into a file.
///
/// # Errors
/// When there is nothing to draw, or the file cannot be written.
pub fn draw(file: &Path, amount: &str, lines: &[Line]) -> anyhow::Result<()> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    ensure!(points().count() > 1, "there is nothing to draw of {amount}");
    let range = |of: fn(&(f64, f64)) -> f64, below: f64, above: f64| {
        let values = points().map(of);
        let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        least / below..most * above
    };
    // The names stand above the lines.
    let (across, upwards) = (range(|point| point.0, 1.1, 1.1), range(|point| point.1 * 1e6, 1.5, 4.0));
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    let failed = |error: String| anyhow!("{error}").context(file.display().to_string());
    area.fill(&WHITE).map_err(|error| failed(error.to_string()))?;
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(across.log_scale(), upwards.log_scale())
        .map_err(|error| failed(error.to_string()))?;
    chart
        .configure_mesh()
        .x_desc(amount)
        .y_desc("µs")
        .x_label_formatter(&|value| crate::units::number(*value))
        .y_label_formatter(&|value| crate::units::number(*value))
        .light_line_style(BLACK.mix(0.04))
        .label_style((FONT, 14))
        .draw()
        .map_err(|error| failed(error.to_string()))?;
    for (number, (name, points)) in lines.iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        let in_microseconds = points.iter().map(|(amount, time)| (*amount, time * 1e6));
        let line = LineSeries::new(in_microseconds, colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)
            .map_err(|error| failed(error.to_string()))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 14))
        .draw()
        .map_err(|error| failed(error.to_string()))?;
    area.present().map_err(|error| error.to_string()).map_err(failed).context("cannot write the plot")
}
