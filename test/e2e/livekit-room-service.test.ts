import { describe, expect, it } from 'vitest';
import { findLivekitServer, startRealTarget } from '../contracts/livekit-real-target.ts';
import { describeRoomService } from '../contracts/livekit-room-service-contract.ts';

const binary = findLivekitServer();

if (binary === undefined) {
  describe('LiveKit room service: a real server', () => {
    it('is not at hand: the simulator stood in (npm run parts obtains one)', () => {
      expect(process.env['MERIDIAN_REQUIRE_REAL'] ?? '').not.toBe('1');
    });
  });
} else {
  describeRoomService('livekit-server', () => startRealTarget(binary));
}
