import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { awaitRegions } from '../../../../infra/local/region-readiness.mjs';

interface Answer {
  readonly id: string;
  readonly state: string;
  readonly accepting: boolean;
}

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A replica that gives these answers one after the other, and the last one for ever. */
async function startReplica(...answers: readonly (readonly Answer[])[]): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    response.end(JSON.stringify({ items: answers[Math.min(asked, answers.length - 1)] }));
    asked += 1;
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

const region = (accepting: boolean, state = 'enabled'): readonly Answer[] => [{ id: 'us-iad', state, accepting }];
const options = { opsKey: 'key', regionIds: ['us-iad'] };

describe('the wait for the local regions', () => {
  it('lasts until every replica sends meetings to them', async () => {
    const quick = await startReplica(region(true));
    const slow = await startReplica(region(false), region(false), region(true));
    expect(await awaitRegions({ ...options, apiUrls: [quick.url, slow.url] })).toBe(true);
    expect(slow.asked()).toBe(3);
  });

  it('does not wait for a region that an operator took out of use, or that is not ours', async () => {
    const cordoned = await startReplica(region(false, 'cordoned'));
    const foreign = await startReplica([{ id: 'ap-sin', state: 'enabled', accepting: false }]);
    expect(await awaitRegions({ ...options, apiUrls: [cordoned.url, foreign.url] })).toBe(true);
  });

  it('ends without a failure when one does not come', async () => {
    const never = await startReplica(region(false));
    expect(await awaitRegions({ ...options, apiUrls: [never.url], timeoutMs: 250 })).toBe(false);
  });
});
