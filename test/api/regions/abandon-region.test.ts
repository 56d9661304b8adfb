import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RegionsApi, startRegionsApi } from './regions-api.ts';

let api: RegionsApi;
beforeAll(async () => {
  api = await startRegionsApi();
  await api.putLive('eu-fra');
});
afterAll(() => api.close());

const act = (action: string, id = 'eu-fra') => api.call('POST', `/v1/ops/regions/${id}/${action}`);

describe('POST /v1/ops/regions/{id}/abandon', () => {
  it('S4-14 cordons the region and closes its sessions in the same transaction', async () => {
    await act('enable');
    const answer = await act('abandon');
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: 'eu-fra', state: 'cordoned' });
    expect(api.closings).toEqual(['eu-fra']);
  });

  it('closes again what a cordoned region still holds, and does not open a disabled one a little', async () => {
    await act('disable');
    expect((await act('abandon')).body.state).toBe('disabled');
    expect(api.closings).toHaveLength(2);
  });
});
