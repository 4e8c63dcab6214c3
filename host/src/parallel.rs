//! Work on many things by all processors, with the results in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::progress::Progress;

/// What `work` makes of each item, in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(
    items: &[T],
    progress: &Progress,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if workers < 2 {
        let step = |item| {
            let result = work(item);
            progress.step();
            result
        };
        return items.iter().map(step).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((item, slot)) = take(&next, items, &results) {
                    let result = work(item);
                    // Nobody else touches this slot, so nobody can have poisoned it.
                    if let Ok(mut slot) = slot.lock() {
                        *slot = Some(result);
                    }
                    progress.step();
                }
            });
        }
    });
    results.into_iter().filter_map(|slot| slot.into_inner().ok().flatten()).collect()
}

fn take<'a, T, R>(next: &AtomicUsize, items: &'a [T], results: &'a [R]) -> Option<(&'a T, &'a R)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((items.get(index)?, results.get(index)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = map(&items, &Progress::hidden(), |item| item * 2);
        assert!(doubled.iter().enumerate().all(|(index, result)| *result == index * 2));
        assert_eq!(doubled.len(), 1000);
        assert_eq!(map(&[] as &[usize], &Progress::hidden(), |item| *item), [0; 0]);
    }
}
