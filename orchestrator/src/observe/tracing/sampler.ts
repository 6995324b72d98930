/** Which requests are recorded. */
export interface SamplerSettings {
  /** Of the traces that begin here, 0 to 1. */
  readonly ratio: number;
  /** Whether a decision that comes with the request is taken over. */
  readonly followsParent: boolean;
}

/** Whether to record a request: `parentSampled` is what was decided before us, undefined where nothing was. */
export type Sampler = (traceId: string, parentSampled: boolean | undefined) => boolean;

/** The same trace id gets the same answer everywhere, so that a trace is kept or left out as a whole. */
export function createSampler({ ratio, followsParent }: SamplerSettings): Sampler {
  const limit = ratio * 2 ** 48;
  const ofRoot = (traceId: string): boolean => {
    if (ratio >= 1) return true;
    if (ratio <= 0) return false;
    // W3C Trace Context, level 2: the last seven bytes of an id are random.
    return Number.parseInt(traceId.slice(-12), 16) < limit;
  };
  return (traceId, parentSampled) => (followsParent && parentSampled !== undefined ? parentSampled : ofRoot(traceId));
}
