//! How response times are spread: how many fell into which bucket, as the roll-ups count them.

use serde::Deserialize;

/// Bucket n holds what is over `1.02^(n-1)` milliseconds and at most `1.02^n`.
const BASE: f64 = 1.02;
const MILLISECONDS: f64 = 1000.0;

/// Buckets with their counts, in the order of the buckets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Spread(Vec<(i32, i64)>);

impl Spread {
    /// The time, in seconds, that so many of a hundred did not exceed; wrong by less than 1 %. `None`
    /// where there are none.
    pub(crate) fn percentile(&self, of_hundred: i64) -> Option<f64> {
        let all: i64 = self.0.iter().map(|bucket| bucket.1).sum();
        // The smallest rank at which so many are reached: 1 of 1, 95 of 100.
        let rank = (all * of_hundred + 99) / 100;
        let mut passed = 0;
        let bucket = self.0.iter().find(|bucket| {
            passed += bucket.1;
            passed >= rank.max(1)
        })?;
        Some(BASE.powf(f64::from(bucket.0) - 0.5) / MILLISECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_middle_of_the_bucket_that_reaches_it() {
        let spread = Spread(vec![(233, 94), (267, 5), (350, 1)]);
        let near = |of_hundred, seconds: f64| {
            let told = spread.percentile(of_hundred).unwrap();
            assert!((told / seconds - 1.0).abs() < 0.01, "{told}");
        };
        near(50, 0.0999);
        near(94, 0.0999);
        near(95, 0.196);
        near(100, 1.014);
        assert_eq!(Spread::default().percentile(50), None);
    }
}
