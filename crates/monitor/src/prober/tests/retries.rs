//! Checks that are tried again, of sites over real sockets.

use messages::Outcome;

use super::*;

/// A site that hangs up on as many as it is told, and answers whoever comes then.
async fn flaky(failures: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if seen.fetch_add(1, Ordering::SeqCst) >= failures {
                stream.read_u8().await.ok();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(answer).await.ok();
                // The rest of the request is read, so that closing breaks nothing.
                stream.read_buf(&mut Vec::with_capacity(10_000)).await.ok();
            }
        }
    });
    (url, asked)
}

fn due(url: &str, retries: u32, interval: Duration) -> Due {
    let mut target = target(url);
    Arc::get_mut(&mut target).unwrap().own.asked.retries = Some(retries);
    Due {
        target,
        scheduled_at: now(),
        interval,
        arrival: Arrival::CameDue,
    }
}

#[tokio::test]
async fn a_failed_check_is_tried_again_before_it_is_called_down() {
    let (url, asked) = flaky(1).await;
    let stage = start(1, 1);
    let begin = Instant::now();
    stage.due.send(due(&url, 2, INTERVAL)).await.unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Up);
    let probe = results[0].probe().unwrap();
    assert_eq!((probe.attempt, asked.load(Ordering::SeqCst)), (2, 2));
    let all_but_pause = begin.elapsed().checked_sub(Duration::from_secs(1));
    let all_but_pause = all_but_pause.expect("a second apart");
    assert!(probe.response_time <= all_but_pause, "the last attempt's");
    let lag = results[0].schedule_lag().unwrap();
    assert!(lag <= all_but_pause, "the check's own: {lag:?}");
}

#[tokio::test]
async fn a_check_is_down_when_all_attempts_have_failed() {
    let (url, asked) = flaky(usize::MAX).await;
    let stage = start(1, 1);
    stage.due.send(due(&url, 1, INTERVAL)).await.unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Down);
    assert_eq!(results[0].probe().unwrap().attempt, 2);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn attempts_end_with_the_interval() {
    let (url, asked) = flaky(usize::MAX).await;
    let stage = start(1, 1);
    stage
        .due
        .send(due(&url, 10, Duration::from_millis(1_500)))
        .await
        .unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Down);
    // A third one would begin after two seconds; a busy machine may not come to the second.
    let attempts = results[0].probe().unwrap().attempt;
    assert!((1..=2).contains(&attempts), "{attempts}");
    assert_eq!(asked.load(Ordering::SeqCst), attempts as usize);
}

#[tokio::test]
async fn an_attempt_that_the_interval_s_end_cuts_short_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let stage = start(1, 1);
    stage
        .due
        .send(due(&url, 10, Duration::from_secs(4)))
        .await
        .unwrap();
    // The first attempt is hung up on, the second one hangs.
    drop(listener.accept().await.unwrap());
    let _second = listener.accept().await.unwrap();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].probe().unwrap().attempt, 1);
    let Outcome::Down { failure, .. } = &results[0].outcome else {
        panic!("{results:?}");
    };
    assert_eq!(failure.reason, FailureReason::ConnectionReset);
}

#[tokio::test]
async fn what_is_not_looked_at_again_before_the_stop_is_missed() {
    let (url, asked) = flaky(usize::MAX).await;
    let stage = start(1, 1);
    stage.due.send(due(&url, 5, INTERVAL)).await.unwrap();
    while asked.load(Ordering::SeqCst) < 1 {
        tokio::task::yield_now().await;
    }
    stage.give_up();
    let results = stage.finish().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].kind(), OutcomeKind::Missed);
    assert!(results[0].probe().is_some(), "what is known of it is kept");
}
