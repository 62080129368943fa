//! What is done to consumers.

use anyhow::Result;
use rustix::process::Signal;

use super::scene::Scene;

pub(super) async fn kill(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    let place = scene.random.usize(0..scene.world.consumers.len());
    scene.world.consumers[place].kill()?;
    scene.wait_ms(0..1000).await;
    scene.world.consumers[place].start()
}

pub(super) async fn kill_all(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    for consumer in &mut scene.world.consumers {
        consumer.kill()?;
    }
    scene.wait_ms(0..500).await;
    start_all(scene)
}

pub(super) async fn restart(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    let place = scene.random.usize(0..scene.world.consumers.len());
    let ended = scene.world.consumers[place].terminate().await;
    scene.note(ended);
    scene.world.consumers[place].start()
}

/// Told to stop before it has begun to work.
pub(super) async fn restart_twice(scene: &mut Scene<'_>) -> Result<()> {
    let place = scene.random.usize(0..scene.world.consumers.len());
    scene.world.consumers[place].kill()?;
    scene.world.consumers[place].start()?;
    // Before that the signal has its default effect.
    scene.wait_ms(300..900).await;
    let ended = scene.world.consumers[place].terminate().await;
    scene.note(ended);
    scene.world.consumers[place].start()
}

pub(super) async fn stop_all(scene: &mut Scene<'_>) -> Result<()> {
    scene.wait_ms(0..200).await;
    end_all(scene).await;
    scene.wait_ms(0..500).await;
    start_all(scene)
}

/// Session timeouts are 6 s: others have taken over when it wakes up in the middle of what it did.
pub(super) async fn freeze_long(scene: &mut Scene<'_>) -> Result<()> {
    freeze_for(scene, 8000..9000).await
}

pub(super) async fn freeze(scene: &mut Scene<'_>) -> Result<()> {
    freeze_for(scene, 500..3000).await
}

pub(super) async fn guest_goes(scene: &mut Scene<'_>) -> Result<()> {
    scene.world.guest.start()?;
    scene.wait_ms(2000..4000).await;
    let ended = scene.world.guest.terminate().await;
    scene.note(ended);
    Ok(())
}

pub(super) async fn guest_is_killed(scene: &mut Scene<'_>) -> Result<()> {
    scene.world.guest.start()?;
    scene.wait_ms(1000..4000).await;
    scene.world.guest.kill()
}

pub(super) async fn end_all(scene: &mut Scene<'_>) {
    for place in 0..scene.world.consumers.len() {
        let ended = scene.world.consumers[place].terminate().await;
        scene.note(ended);
    }
}

pub(super) fn start_all(scene: &mut Scene<'_>) -> Result<()> {
    let mut consumers = scene.world.consumers.iter_mut();
    consumers.try_for_each(crate::consumer::Consumer::start)
}

async fn freeze_for(scene: &mut Scene<'_>, range: std::ops::Range<u64>) -> Result<()> {
    scene.wait_ms(0..200).await;
    let place = scene.random.usize(0..scene.world.consumers.len());
    scene.world.consumers[place].signal(Signal::STOP)?;
    scene.wait_ms(range).await;
    scene.world.consumers[place].signal(Signal::CONT)
}
