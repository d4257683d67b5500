//! How well a person fits a query.

use crate::words::Meanings;

/// Loss for each word of a person that nobody asked for, so that a short name comes before a long one.
const UNASKED: f32 = 0.01;
/// Most such words that count.
const MAX_UNASKED: usize = 5;

/// Fit from 0 to 1: each thing that was asked for has the same share, and takes the best word of the person
/// that no thing before it has taken.
pub(crate) fn fit(
    words: &[u32],
    primary: usize,
    asked: &[&Meanings],
    facts: f32,
    facts_asked: usize,
) -> f32 {
    let mut taken = 0_u64;
    let mut sum = facts;
    for meanings in asked {
        let mut best = 0.0;
        let mut best_at = None;
        for (at, word) in words.iter().take(64).enumerate() {
            let weight = meanings.weights.get(*word as usize).copied().unwrap_or(0.0);
            if weight > best && taken & (1 << at) == 0 {
                best = weight;
                best_at = Some(at);
            }
        }
        if let Some(at) = best_at {
            taken |= 1 << at;
        }
        sum += best;
    }
    let things = asked.len() + facts_asked;
    let unasked = primary.saturating_sub(asked.len()).min(MAX_UNASKED);
    let share = sum / f32::from(u8::try_from(things.max(1)).unwrap_or(u8::MAX));
    (share - UNASKED * f32::from(u8::try_from(unasked).unwrap_or(u8::MAX))).max(0.0)
}
