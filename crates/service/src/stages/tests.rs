use std::future::pending;

use tokio::sync::mpsc;

use super::*;

/// For those who finish: longer than a busy machine takes for a moment of work.
const PATIENT: Drain = Drain {
    timeout: Duration::from_mins(1),
    grace: Duration::from_secs(1),
};
/// For those who hang.
const IMPATIENT: Drain = Drain {
    timeout: Duration::from_millis(400),
    grace: Duration::from_millis(100),
};
/// What somebody has still to do.
const MOMENT: Duration = Duration::from_millis(100);

fn stages() -> (Stages, CancellationToken) {
    stages_within(PATIENT)
}

fn stages_within(drain: Drain) -> (Stages, CancellationToken) {
    let stop = CancellationToken::new();
    (Stages::new(stop.clone(), drain), stop)
}

fn said(outcome: anyhow::Result<()>) -> String {
    format!("{:#}", outcome.unwrap_err())
}

#[tokio::test]
async fn a_stop_reaches_the_first_stage_and_the_others_by_their_input() {
    let (mut stages, stop) = stages();
    let (sender, mut input) = mpsc::channel(1);
    let told = stages.stop();
    stages.stage("first", async move {
        sender.send("begun before the stop").await?;
        told.cancelled().await;
        sender.send("begun after it").await?;
        Ok(())
    });
    let (done, seen) = tokio::sync::oneshot::channel();
    stages.stage("second", async move {
        let mut taken = Vec::new();
        while let Some(item) = input.recv().await {
            taken.push(item);
        }
        done.send(taken).ok();
        Ok(())
    });
    let running = tokio::spawn(stages.run());
    tokio::task::yield_now().await;
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(seen.await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_stage_that_ends_during_a_stop_has_not_failed() {
    let (mut stages, stop) = stages();
    stop.cancel();
    stages.stage("at once", async { Ok(()) });
    stages.run().await.unwrap();
}

#[tokio::test]
async fn a_part_that_ends_before_its_time_stops_the_service_after_the_others_have_finished() {
    for is_background in [false, true] {
        let (mut stages, _) = stages();
        let told = stages.stop();
        let (done, finished) = tokio::sync::oneshot::channel();
        stages.stage("diligent", async move {
            told.cancelled().await;
            sleep(MOMENT).await;
            done.send(()).ok();
            Ok(())
        });
        if is_background {
            stages.background("early", |_| async { Ok(()) });
        } else {
            stages.stage("early", async { Ok(()) });
        }
        assert_eq!(said(stages.run().await), "early ended by itself");
        finished.await.unwrap();
    }
}

#[tokio::test]
async fn the_first_failure_is_what_is_said_and_a_panic_is_called_a_defect() {
    let (mut stages, _) = stages();
    let told = stages.stop();
    stages.stage("follower", async move {
        told.cancelled().await;
        anyhow::bail!("the follower's input broke off")
    });
    stages.stage("cause", async { panic!("index out of bounds") });
    let error = stages.run().await.unwrap_err();
    assert!(error.is::<Said>(), "the log has it");
    assert!(format!("{error:#}").starts_with("cause broke, which is a defect"));
}

#[tokio::test]
async fn who_ends_because_its_input_broke_off_hides_no_failure() {
    let (mut stages, _) = stages();
    let (sender, mut input) = mpsc::channel::<()>(1);
    // Started first, so that its end may be seen first.
    stages.stage("reader", async move {
        input.recv().await;
        Ok(())
    });
    stages.stage("source", async move {
        drop(sender);
        sleep(MOMENT).await;
        anyhow::bail!("the source broke off")
    });
    assert_eq!(said(stages.run().await), "the source broke off");
}

#[tokio::test]
async fn a_stage_that_hangs_is_given_up_at_the_end_of_the_grace_and_named() {
    let (mut stages, stop) = stages_within(IMPATIENT);
    let deadline = stages.deadline(0.75);
    let told = stages.stop();
    stages.stage("obedient", async move {
        let began = tokio::time::Instant::now();
        told.cancelled().await;
        deadline.cancelled().await;
        assert!(began.elapsed() >= IMPATIENT.timeout.mul_f64(0.75));
        Ok(())
    });
    stages.stage("stuck", pending());
    stages.background("also stuck", |_| pending());
    stop.cancel();
    let began = tokio::time::Instant::now();
    let error = stages.run().await.unwrap_err();
    assert!(!error.is::<Said>(), "they are the last words");
    let said = format!("{error:#}");
    assert!(said.contains("unfinished are stuck"), "{said}");
    assert!(began.elapsed() >= IMPATIENT.timeout + IMPATIENT.grace);
}

#[tokio::test]
async fn background_parts_outlive_the_stages() {
    let (mut stages, stop) = stages();
    let (done, seen) = tokio::sync::oneshot::channel();
    stages.background("server", |stop| async move {
        stop.cancelled().await;
        done.send(tokio::time::Instant::now()).ok();
        Ok(())
    });
    let told = stages.stop();
    stages.stage("slow", async move {
        told.cancelled().await;
        sleep(MOMENT).await;
        Ok(())
    });
    let began = tokio::time::Instant::now();
    stop.cancel();
    stages.run().await.unwrap();
    assert!(seen.await.unwrap() - began >= MOMENT);
}
