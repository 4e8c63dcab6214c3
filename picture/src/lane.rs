//! The analyses of one release, one lane for each name.

use crate::picture::Picture;
use crate::story::{Run, Story};

/// Runs of the same name, one after the other.
pub(crate) struct Lane<'a> {
    pub name: &'a str,
    pub runs: Vec<&'a Run>,
}

/// All lanes of a story, in the order in which they start.
pub(crate) fn lanes<'a>(picture: &'a Picture, story: &'a Story) -> Vec<Lane<'a>> {
    let mut lanes: Vec<Lane<'a>> = Vec::new();
    for run in &story.runs {
        let Some(analysis) = picture.analyses.get(run.analysis) else { continue };
        match lanes.iter_mut().find(|lane| lane.name == analysis.name) {
            Some(lane) => lane.runs.push(run),
            None => lanes.push(Lane { name: &analysis.name, runs: vec![run] }),
        }
    }
    lanes
}
