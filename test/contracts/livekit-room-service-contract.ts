import { afterAll, beforeAll, describe } from 'vitest';
import type { LivekitGateway } from '../../src/platform/livekit/livekit-gateway.ts';
import { describeLostState } from './livekit-lost-state-contract.ts';
import { describePeople } from './livekit-people-contract.ts';
import { describeRefusals } from './livekit-refusal-contract.ts';
import { describeRooms } from './livekit-room-contract.ts';
import type { LivekitTarget, Subject } from './livekit-target.ts';
import { gatewayTo } from './livekit-target.ts';
import { describeWebhooks } from './livekit-webhook-contract.ts';

/**
 * What Meridian relies on from a region's LiveKit. Run against the real server and against the simulator, so that
 * neither our reading nor our double of it can drift.
 */
export function describeRoomService(title: string, startTarget: () => Promise<LivekitTarget>): void {
  describe(`LiveKit room service: ${title}`, () => {
    let target: LivekitTarget;
    let gateway: LivekitGateway;
    beforeAll(async () => {
      target = await startTarget();
      gateway = gatewayTo(target);
    }, 60_000);
    afterAll(async () => {
      gateway?.close();
      await target?.close();
    });
    const use = (): Subject => ({ target, gateway });
    describeRooms(use);
    describeRefusals(use);
    describePeople(use);
    describeWebhooks(use);
    describeLostState(use);
  });
}
