/** Where time comes from. `nowMs` is the wall clock (ms since the epoch); `monotonicMs` never jumps and is for durations. */
export interface Clock {
  nowMs(): number;
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
