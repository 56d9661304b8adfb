import { createApiClient } from './api-client.mjs';
import { Failure } from './failure.mjs';
import { waitFor } from './waiting.mjs';

/**
 * A region whose bad verdict the database kept from a killed run accepts after three good probes and 10 s; doubled for
 * a busy machine.
 */
const ACCEPTING_TIMEOUT_MS = 30_000;

/** Cheap enough to ask often, and the difference to the sum is not seen. */
const LOOK_EVERY_MS = 100;

/**
 * Returns when every replica sends new meetings to each of these regions that an operator has not taken out of use.
 * A region that does not come is no failure of the start: what it means is seen by whoever asks, and in the show.
 * @param {{apiUrls: readonly string[], opsKey: string, regionIds: readonly string[], timeoutMs?: number}} options
 * @returns {Promise<boolean>} whether all came in time
 */
export async function awaitRegions({ apiUrls, opsKey, regionIds, timeoutMs = ACCEPTING_TIMEOUT_MS }) {
  const waits = apiUrls.map((baseUrl) =>
    waitFor(async () => (await listMissing(createApiClient({ baseUrl, key: opsKey }), regionIds)).length === 0, {
      what: 'the regions',
      timeoutMs,
      everyMs: LOOK_EVERY_MS,
    }),
  );
  try {
    await Promise.all(waits);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** @param {import('./api-client.mjs').ApiClient} client @param {readonly string[]} regionIds */
async function listMissing(client, regionIds) {
  /** @type {{items: {id: string, state: string, accepting: boolean}[]}} */
  const { items } = await client.call('GET', '/v1/ops/regions');
  return items.filter(({ id, state, accepting }) => regionIds.includes(id) && state === 'enabled' && !accepting);
}
