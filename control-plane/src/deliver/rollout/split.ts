/**
 * Whole percentages that stand to each other as the weights do and sum up to 100, by largest remainder; of equal
 * remainders the first wins. Weights are not negative; all of them 0 gives 0 to each.
 */
export function percentages(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, one) => total + one, 0);
  if (sum === 0) return weights;
  const exact = weights.map((one) => (one * 100) / sum);
  const floors = exact.map(Math.floor);
  const left = 100 - floors.reduce((total, one) => total + one, 0);
  const raised = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
    .slice(0, left)
    .map((one) => one.index);
  return floors.map((floor, index) => (raised.includes(index) ? floor + 1 : floor));
}
