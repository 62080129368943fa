//! A probe whose task ends without a finding, as one that panics does.

use super::*;

#[tokio::test]
async fn a_probe_that_breaks_costs_neither_its_result_nor_the_service() {
    let site = Site::start().await;
    let (mut checker, mut results) =
        checker(settings(1, 1), &Health::default(), Draining::default());
    let due = site.due("a");
    checker.accept(due.clone()).await.unwrap();
    checker.begin_waiting();
    checker.running.abort_all();
    let ended = checker.running.join_next_with_id().await.unwrap();
    assert!(ended.is_err(), "it has found nothing");
    checker.end(ended).await.unwrap();
    let result = results.recv().await.unwrap();
    assert_eq!(result.kind(), OutcomeKind::Missed);
    assert_eq!(result.check.scheduled_at, due.scheduled_at);
    assert_eq!(detail(&result), "the probe broke");
    assert!(!result.self_doubt.overloaded);
    // There is room again for another.
    checker.accept(site.due("b")).await.unwrap();
    checker.begin_waiting();
    assert_eq!(checker.begun.len(), 1);
}
