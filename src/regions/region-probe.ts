import type { Clock } from '../kernel/clock.ts';
import { isLivekitFailure } from '../platform/livekit/livekit-failure.ts';
import type { LivekitGateway } from '../platform/livekit/livekit-gateway.ts';
import type { Probe } from './region-health.ts';

/** A region that takes longer to say that it has no such room cannot open one for somebody who waits. */
const PROBE_TIMEOUT_MS = 2_000;
/** No room of ours has this name, so the answer is an empty list, after a look into the region's Redis. */
const NOBODYS_ROOM = 'probe';

/** Asks a region the cheapest question that needs all of it: address, key, LiveKit and its Redis. Never throws. */
export async function probeRegion(gatewayOf: () => Pick<LivekitGateway, 'listRooms'>, clock: Clock, signal: AbortSignal): Promise<Probe> {
  const at = new Date(clock.nowMs());
  const startedMs = clock.monotonicMs();
  const ended = (): Pick<Probe, 'at' | 'durationMs'> => ({ at, durationMs: Math.round(clock.monotonicMs() - startedMs) });
  try {
    await gatewayOf().listRooms([NOBODYS_ROOM], { timeoutMs: PROBE_TIMEOUT_MS, lane: 'health', signal });
    return { ...ended(), outcome: 'good', detail: '' };
  } catch (error) {
    return { ...ended(), outcome: isLivekitFailure(error, 'misconfigured') ? 'refused' : 'bad', detail: detailOf(error) };
  }
}

/** A failure's own text holds no secret; anything else is our fault and is only named. */
function detailOf(error: unknown): string {
  return isLivekitFailure(error) ? error.message : 'the probe could not be made';
}
