//! Kafka takes some results and not others.

use super::*;

/// Over both partitions.
const URLS: usize = 16;
/// As fast as a monitor of some websites.
const PACE: Duration = Duration::from_millis(20);
/// Acknowledged each time, before it is believed that nothing changes by it.
const ACKNOWLEDGED: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_a_leader_is_told_whatever_others_acknowledge() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 2, 1).unwrap();
    cluster.partition_leader(TOPIC, 0, None).unwrap();
    let stage = start(cluster.bootstrap_servers(), 10_000);
    let send = async |number: usize| {
        let mut result = result(number, "on its way");
        result.check.url = format!("https://{}.example", number % URLS);
        stage.results.send(result).await.unwrap();
        tokio::time::sleep(PACE).await;
    };
    let problems = || stage.health.problems().concat();
    let mut number = 0;
    let told = async {
        while !problems().contains("does not acknowledge") {
            send(number).await;
            number += 1;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("told");
    for number in number..number + ACKNOWLEDGED {
        send(number).await;
        assert!(problems().contains(&format!("{TOPIC:?}")), "{}", problems());
    }
    cluster.partition_leader(TOPIC, 0, Some(1)).unwrap();
    let over = async {
        while !problems().is_empty() {
            tokio::time::sleep(PACE).await;
        }
    };
    tokio::time::timeout(PATIENCE, over).await.expect("over");
    stage.finish().await.unwrap();
}
