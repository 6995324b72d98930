/**
 * Calls back when `ms` have passed and what has come in meanwhile has been looked at: after a time without a processor
 * the time is over first, and the answer lies there unread. Returns what stops it.
 */
export function patientTimeout(ms: number, onLate: () => void): () => void {
  let last: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // Timers, then the network, then immediates: that is the order of a turn of the event loop.
    last = setImmediate(onLate);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}
