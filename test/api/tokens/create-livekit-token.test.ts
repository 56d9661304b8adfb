import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EdgeProduct, startEdgeProduct } from '../edge/edge-product.ts';

let edge: EdgeProduct;
beforeAll(async () => {
  edge = await startEdgeProduct();
});
afterAll(() => edge.close());

/** Asks with the tenant's key unless told otherwise; null is a guest. */
const ask = (body: unknown, key: string | null = edge.product.tenantKey) =>
  edge.product.api.call('POST', '/v1/livekit/token', { body, key });

describe('POST /v1/livekit/token', () => {
  it.each([
    ['participant_identity', { participant_identity: 'ü'.repeat(100) }],
    ['room_config.agents.0.agent_name', { room_config: { agents: [{ metadata: 'nameless' }] } }],
  ])('leaves no room behind when it refuses %s', async (path, body) => {
    expect((await ask(body)).body).toMatchObject({ code: 'request.invalid', errors: [{ path }] });
    expect((await edge.product.api.call('GET', '/v1/rooms')).body.items).toEqual([]);
  });

  it('names the missing name of a guest as the request does', async () => {
    const { body: room } = await edge.product.api.call('POST', '/v1/rooms', { body: { access: 'public' } });
    for (const name of [undefined, null, '   ']) {
      const answer = await ask({ room_name: room.slug, participant_name: name }, null);
      expect(answer.body).toMatchObject({ status: 400, errors: [{ path: 'participant_name' }] });
    }
  });

  it('lets no guest say what a room begins with', async () => {
    const { body: room } = await edge.product.api.call('POST', '/v1/rooms', { body: { access: 'public' } });
    for (const config of [{ agents: [{ agent_name: 'scribe' }] }, { metadata: 'mine' }]) {
      const answer = await ask({ room_name: room.slug, participant_name: 'Ada', room_config: config }, null);
      expect([answer.status, answer.body.code]).toEqual([403, 'auth.forbidden']);
    }
    // An empty one asks for nothing; what is refused then is only that there is no region here.
    const empty = await ask({ room_name: room.slug, participant_name: 'Ada', room_config: {} }, null);
    expect(empty.body.code).toBe('placement.no-region');
  });
});
