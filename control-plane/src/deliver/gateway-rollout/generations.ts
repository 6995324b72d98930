/** Numbers that no table of this machine ever had: the time in milliseconds, and a counter below it. */
export function createGenerations(nowMs: () => number = Date.now): () => bigint {
  let last = 0n;
  return () => {
    const now = BigInt(nowMs()) << 16n;
    last = now > last ? now : last + 1n;
    return last;
  };
}
