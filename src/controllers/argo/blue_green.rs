//! The blue-green strategy (`rollout/bluegreen.go`, `rollout/analysis.go`).

use super::Reader;
use super::spec::{AnalysisReference, BlueGreen};
use crate::plan::{Mistake, Stage, Strategy, Wait};

impl Reader<'_> {
    pub(super) fn blue_green(&mut self, spec: &BlueGreen) {
        let path = "spec.strategy.blueGreen";
        self.plan.strategy = Strategy::BlueGreen;
        path.clone_into(&mut self.plan.path);
        for (field, service) in
            [("activeService", &spec.active_service), ("previewService", &spec.preview_service)]
        {
            if service.is_empty() {
                self.plan.undeclared.push(Mistake {
                    path: path.to_owned(),
                    message: format!("{field} is not declared, so one of the two sides is left open"),
                    help: format!("name the Service in {field}"),
                    mend: None,
                });
            }
        }

        self.services(&[
            ("blueGreen.activeService", &spec.active_service),
            ("blueGreen.previewService", &spec.preview_service),
        ]);
        if !spec.active_service.is_empty() && spec.active_service == spec.preview_service {
            self.refuse(path, "activeService and previewService are the same Service", "name two Services");
        }

        let mut preview = Stage { path: path.to_owned(), ..Stage::default() };
        if let Some(reference) = &spec.pre_promotion_analysis {
            let wait = self.gate(reference, &format!("{path}.prePromotionAnalysis"));
            preview.waits.push(wait);
        }
        // The pause begins when the analysis is over; its length is ignored when a person has to end it.
        if spec.auto_promotion_enabled == Some(false) {
            preview.waits.push(Wait::Human {
                path: format!("{path}.autoPromotionEnabled"),
                what: "the promotion by hand (autoPromotionEnabled: false)",
            });
        } else if spec.auto_promotion_seconds > 0.0 {
            preview.waits.push(Wait::Time { seconds: spec.auto_promotion_seconds });
        }
        self.plan.stages.push(preview);

        if let Some(reference) = &spec.post_promotion_analysis {
            let wait = self.gate(reference, &format!("{path}.postPromotionAnalysis"));
            self.plan.stages.push(Stage {
                path: format!("{path}.postPromotionAnalysis"),
                weight: 100.0,
                effective_weight: 100.0,
                waits: vec![wait],
                ..Stage::default()
            });
        }
    }

    fn gate(&mut self, reference: &AnalysisReference, path: &str) -> Wait {
        if reference.templates.is_empty() {
            return Wait::Never { path: format!("{path}.templates"), why: "an analysis without templates" };
        }
        let index = self.add_analysis(reference, path);
        self.refuse_endless(index);
        let analysis = &mut self.plan.analyses[index];
        // Before the switch it measures the preview side, after it everyone.
        analysis.needs_exposure = false;
        analysis.late = true;
        Wait::Analyses { runs: vec![index], limit: None }
    }
}
