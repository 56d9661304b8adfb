/**
 * A real LiveKit client, in a process of its own because its native part can hang: enters a room, says so, stays until
 * its standard input closes, and leaves. The library prints lines of its own; ours begin with the word below.
 */
import { once } from 'node:events';

const MARK = 'meridian-client ';

/** @param {Record<string, unknown>} message */
function tell(message) {
  process.stdout.write(`${MARK}${JSON.stringify(message)}\n`);
}

const { serverUrl, token } = JSON.parse(process.argv[2] ?? '{}');
const { Room, dispose } = await import('@livekit/rtc-node');
const room = new Room();
try {
  await room.connect(serverUrl, token, { autoSubscribe: false, dynacast: false });
  tell({ entered: true, room: room.name, identity: room.localParticipant?.identity });
} catch (error) {
  tell({ entered: false, reason: error instanceof Error ? error.message : String(error) });
}
process.stdin.resume();
await once(process.stdin, 'end');
await room.disconnect();
await dispose();
process.exit(0);
