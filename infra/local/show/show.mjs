import { createApiClient } from '../api-client.mjs';
import { Failure } from '../failure.mjs';
import { bold, dim, formatDuration, green, print, printHeading, red } from '../output.mjs';
import { waitFor } from '../waiting.mjs';
import { GERMANY, UNITED_STATES } from './callers.mjs';
import { visit } from './client-visit.mjs';

/** LiveKit tells of a participant by a webhook; lost, the reconciler finds it within its period of 5 s. */
const SEEN_TIMEOUT_MS = 15_000;

/**
 * @typedef {import('./callers.mjs').Caller} Caller
 * @typedef {import('../api-client.mjs').ApiClient} ApiClient
 * @typedef {{api: ApiClient, regionIds: string[], hasLocalRegions: boolean, isSimulated: boolean}} Stage
 * @typedef {{region: {id: string, name: string}, serverUrl: string, participantToken: string, decision: {id: string,
 *   rule: string, reason: string}, session: {id: string, epoch: number}}} Grant
 */

/**
 * Shows the product's main job on the running stack: rooms are made, callers join from two continents, and a real
 * client enters.
 * @param {import('../stack.mjs').RunningStack} stack
 * @returns {Promise<boolean>} whether every step held
 */
export async function showMainJob(stack) {
  const stage = {
    api: createApiClient({ baseUrl: /** @type {string} */ (stack.apiUrls[0]), key: stack.keys.tenantKey }),
    regionIds: stack.regions.map(({ id }) => id),
    hasLocalRegions: stack.hasLocalRegions,
    isSimulated: stack.regions.some(({ simulator }) => simulator !== undefined),
  };
  printHeading('The main job, on this stack');
  let held = true;
  for (const step of [showSharedRoom, showRoomFromTheUnitedStates, showPinnedRoom]) {
    try {
      await step(stage);
    } catch (error) {
      held = false;
      print(`    ${red('✗')} ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return held;
}

/** One room, first joined from Germany: whoever comes later goes where the room is. @param {Stage} stage */
async function showSharedRoom(stage) {
  const room = await createRoom(stage, 'a room for everyone', {});
  const first = await joinAs(stage, room, GERMANY);
  if (stage.hasLocalRegions) expectRegion(first, 'eu-fra');
  await tellPlacement(stage, room);
  const second = await joinAs(stage, room, UNITED_STATES);
  expectRegion(second, first.region.id);
  if (second.session.id !== first.session.id) throw new Failure('the two callers are in two sessions of one room');
  await tellEntry(stage, room, second);
}

/** @param {Stage} stage */
async function showRoomFromTheUnitedStates(stage) {
  const room = await createRoom(stage, 'a second room, first joined from the United States', {});
  const grant = await joinAs(stage, room, UNITED_STATES);
  if (stage.hasLocalRegions) expectRegion(grant, 'us-iad');
  await tellPlacement(stage, room);
}

/** @param {Stage} stage */
async function showPinnedRoom(stage) {
  const pinned = stage.regionIds.at(-1);
  const room = await createRoom(stage, `a room that its owner pinned to ${pinned}`, {
    region: { mode: 'pinned', id: pinned, fallback: 'strict' },
  });
  expectRegion(await joinAs(stage, room, GERMANY), /** @type {string} */ (pinned));
}

/**
 * @param {Stage} stage
 * @param {string} name
 * @param {Record<string, unknown>} settings
 * @returns {Promise<{id: string}>}
 */
async function createRoom({ api }, name, settings) {
  const room = await api.call('POST', '/v1/rooms', { name, access: 'public', ...settings });
  print(`  ${bold(name)}  ${dim(room.id)}`);
  return room;
}

/** @param {Stage} stage @param {{id: string}} room @param {Caller} caller @returns {Promise<Grant>} */
async function joinAs({ api }, room, { name, place, address }) {
  const startedAt = performance.now();
  /** @type {Grant} */
  const grant = await api.call('POST', `/v1/rooms/${room.id}/join`, { displayName: name }, { callerAddress: address });
  const took = formatMilliseconds(performance.now() - startedAt);
  print(`    ${green('✓')} ${name} in ${place} → ${bold(grant.region.id)} at ${grant.serverUrl}  ${dim(took)}`);
  print(`      ${grant.decision.reason}  ${dim(`rule ${grant.decision.rule}`)}`);
  return grant;
}

/** The candidates of the decision that opened the room's session. @param {Stage} stage @param {{id: string}} room */
async function tellPlacement({ api }, room) {
  const { candidates } = await api.call('GET', `/v1/rooms/${room.id}/placement`);
  const told = candidates.map(
    (
      /** @type {{region: string, eligible: boolean, reasons: string[], distanceKm: number | null}} */ {
        region,
        eligible,
        reasons,
        distanceKm,
      },
    ) =>
      [region, distanceKm == null ? '' : `${Math.round(distanceKm)} km`, eligible ? '' : reasons.join(' ')]
        .filter(Boolean)
        .join(' '),
  );
  print(`      ${dim(`candidates: ${told.join(' · ')}`)}`);
}

/** @param {Grant} grant @param {string} regionId */
function expectRegion(grant, regionId) {
  if (grant.region.id !== regionId) throw new Failure(`sent to ${grant.region.id}, and ${regionId} was right`);
}

/** @param {Stage} stage @param {{id: string}} room @param {Grant} grant */
async function tellEntry({ api, isSimulated }, room, { serverUrl, participantToken }) {
  if (isSimulated) {
    print(`    ${dim('– that a real client enters cannot be shown: the simulator carries no media')}`);
    return;
  }
  const startedAt = performance.now();
  await visit({ serverUrl, token: participantToken }, async (entered) => {
    const took = formatMilliseconds(performance.now() - startedAt);
    print(
      `    ${green('✓')} a real client entered with the token, as ${entered.identity} in ${entered.room}  ${dim(took)}`,
    );
    await waitFor(async () => (await api.call('GET', `/v1/rooms/${room.id}`)).live?.participants >= 1, {
      what: 'the product sees the client inside',
      timeoutMs: SEEN_TIMEOUT_MS,
      everyMs: 100,
    });
    print(
      `    ${green('✓')} LiveKit sees it, and the room counts it inside  ${dim(formatMilliseconds(performance.now() - startedAt))}`,
    );
  });
}

/** @param {number} durationMs */
function formatMilliseconds(durationMs) {
  return durationMs < 1_000 ? `${Math.round(durationMs)} ms` : formatDuration(durationMs);
}
