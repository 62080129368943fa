//! What an operator does with dead letters while records flow.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::{task::block_in_place, time::sleep};

use super::{scene::Scene, table};
use crate::world::Redriven;

const ATTEMPTS: u32 = 5;
const ATTEMPT_PAUSE: Duration = Duration::from_secs(1);
/// How `consumer redrive` says that a letter became a row, or nothing, since its check had one.
const STORED: &str = "  stored";
const REPEAT: &str = "  its check has its row already";

/// Records that were refused a moment ago, and others that were long ago, become rows after all.
pub(super) async fn try_again(scene: &mut Scene<'_>) -> Result<()> {
    table::refuse(scene).await?;
    for _ in 0..2 {
        scene.wait_ms(0..1000).await;
        redrive(scene).await?;
    }
    Ok(())
}

/// It may be in others' way, and ends with what it has done so far.
async fn redrive(scene: &mut Scene<'_>) -> Result<()> {
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let arguments = ["redrive", "--reason", "refused_by_postgresql"];
        let (answer, is_well) = block_in_place(|| scene.world.guest.ask(&arguments))?;
        let became = |how: &str| answer.lines().filter(|line| line.contains(how)).count() as i64;
        let Redriven { stored, repeats } = &mut scene.world.history.redriven;
        *stored += became(STORED);
        *repeats += became(REPEAT);
        if is_well {
            return Ok(());
        }
        said = answer;
        sleep(ATTEMPT_PAUSE).await;
    }
    bail!("consumer redrive fails again and again: {said}")
}
