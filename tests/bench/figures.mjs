// Middle and upper end of a row of numbers.

/** The value below which a share of the numbers lies (nearest rank). */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** `median 812 ms, p95 1,033 ms, n = 20`. */
export function spread(numbers, unit) {
  const show = (share) => Math.round(quantile(numbers, share)).toLocaleString("en");
  return `median ${show(0.5)} ${unit}, p95 ${show(0.95)} ${unit}, n = ${numbers.length}`;
}
