//! How much of the past an answer is made of.

use super::tree::Expr;

/// The shortest range in `expr`, in seconds. A subquery looks back from each of its steps, so its range adds to what
/// is inside.
pub(super) fn shortest(expr: &Expr<'_>) -> Option<f64> {
    milliseconds(expr).map(|range| {
        #[expect(clippy::cast_precision_loss, reason = "no window is long enough to lose a second")]
        let range = range as f64;
        range / 1000.0
    })
}

fn milliseconds(expr: &Expr<'_>) -> Option<u64> {
    match expr {
        Expr::Number(_) | Expr::Text(_) | Expr::Selector(_) => None,
        Expr::Range(_, range) => Some(*range),
        Expr::Subquery(inner, range) => Some(milliseconds(inner).unwrap_or(0).saturating_add(*range)),
        Expr::Negative(inner) => milliseconds(inner),
        Expr::Call(_, arguments) => arguments.iter().filter_map(milliseconds).min(),
        Expr::Aggregate(aggregate) => milliseconds(&aggregate.argument),
        Expr::Binary(binary) => [&binary.left, &binary.right].into_iter().filter_map(milliseconds).min(),
    }
}
