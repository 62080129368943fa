//! A short torture with a fixed seed: nothing lost, nothing twice. The long one is `make torture`.

use torture::{Plan, run};

use crate::support::program;

/// Decides everything, so that a failure here can be had again.
const SEED: u64 = 7;
/// Few enough to be done in two minutes on two cores.
const RECORDS: u64 = 9_000;
/// Of as many kinds.
const FAULTS: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tortured_stores_each_record_exactly_once() {
    let plan = Plan {
        seed: SEED,
        records: RECORDS,
        faults: FAULTS,
        only: String::new(),
        is_burst: false,
        settings: Vec::new(),
        consumer: program("consumer"),
        logs: None,
    };
    let verdict = run(plan, |line| println!("{line}")).await.unwrap();
    println!("{verdict}");
    assert!(verdict.is_well(), "{verdict}");
}
