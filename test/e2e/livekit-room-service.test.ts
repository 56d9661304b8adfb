import { describe, expect, inject, it } from 'vitest';
import { startRealTarget } from '../contracts/livekit-real-target.ts';
import { describeRoomService } from '../contracts/livekit-room-service-contract.ts';

if (inject('livekitServers') === null) {
  describe('LiveKit room service: a real server', () => {
    it('is not at hand: the simulator stood in (npm run parts obtains one)', () => {
      expect(process.env['MERIDIAN_REQUIRE_REAL'] ?? '').not.toBe('1');
    });
  });
} else {
  describeRoomService('livekit-server', startRealTarget);
}
