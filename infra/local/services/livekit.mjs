import { explainEnd } from '../processes.mjs';
import { writePrivateFile } from '../state-folder.mjs';
import { waitFor } from '../waiting.mjs';

const READY_TIMEOUT_MS = 20_000;
const LOOK_TIMEOUT_MS = 1_000;
/** With rooms open the first SIGTERM drains and the second ends at once. */
const SECOND_SIGNAL_AFTER_MS = 150;
const STOP_PATIENCE_MS = 5_000;

/**
 * Where a LiveKit server of ours listens, and with what.
 * @typedef {{id: string, keyId: string, secret: string, webhookUrl: string, redisPort?: number | undefined,
 *   ports: {http: number, tcp: number, udp: number, metrics: number}}} LiveKitSettings
 */

/**
 * The configuration of a LiveKit server on loopback. Rooms are made by the control plane only (`auto_create: false`),
 * and no address outside this machine is ever told to a client or asked.
 * @param {LiveKitSettings} settings
 * @returns {Record<string, unknown>} JSON, which is YAML
 */
export function livekitConfiguration({ id, keyId, secret, webhookUrl, redisPort, ports }) {
  return {
    port: ports.http,
    bind_addresses: ['127.0.0.1'],
    region: id,
    rtc: {
      tcp_port: ports.tcp,
      udp_port: ports.udp,
      use_external_ip: false,
      node_ip: '127.0.0.1',
      enable_loopback_candidate: true,
      // Without it the UDP port is bound on every interface.
      interfaces: { includes: [process.platform === 'darwin' ? 'lo0' : 'lo'] },
      // Otherwise clients are told of public STUN servers.
      stun_servers: ['127.0.0.1:3478'],
    },
    ...(redisPort !== undefined && { redis: { address: `127.0.0.1:${redisPort}` } }),
    keys: { [keyId]: secret },
    room: { auto_create: false },
    webhook: { api_key: keyId, urls: [webhookUrl] },
    turn: { enabled: false },
    prometheus: { port: ports.metrics },
    logging: { level: 'info', json: true },
  };
}

/**
 * Starts a LiveKit server and returns when it takes rooms.
 * @param {{program: string, name?: string, configurationFile: string, settings: LiveKitSettings, processes:
 *   import('../processes.mjs').Processes}} options
 * @returns {Promise<{pid: number, url: string, apiUrl: string, metricsUrl: string}>}
 */
export async function startLiveKit({
  program,
  settings,
  name = `livekit-${settings.id}`,
  configurationFile,
  processes,
}) {
  writePrivateFile(configurationFile, `${JSON.stringify(livekitConfiguration(settings), null, 2)}\n`);
  const running = processes.start({
    name,
    command: program,
    args: ['--config', configurationFile],
    ending: { stage: 'media', signal: 'SIGTERM', repeatAfterMs: SECOND_SIGNAL_AFTER_MS, patienceMs: STOP_PATIENCE_MS },
  });
  const apiUrl = `http://127.0.0.1:${settings.ports.http}`;
  await waitFor(() => isServing(apiUrl), {
    what: `livekit ${settings.id}`,
    timeoutMs: READY_TIMEOUT_MS,
    giveUp: () => explainEnd(running),
  });
  return {
    pid: running.pid,
    url: `ws://127.0.0.1:${settings.ports.http}`,
    apiUrl,
    metricsUrl: `http://127.0.0.1:${settings.ports.metrics}/metrics`,
  };
}

/** @param {string} apiUrl */
async function isServing(apiUrl) {
  const response = await fetch(apiUrl, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
  return response.ok;
}
