import { Secret } from '../../src/kernel/secret.ts';
import { createLivekitGateway, type LivekitGateway } from '../../src/platform/livekit/livekit-gateway.ts';
import { signAdminToken, signJoinToken, type SigningKey } from '../../src/platform/livekit/livekit-token.ts';
import type { LivekitAdminGrant } from '../../src/platform/livekit/twirp-client.ts';
import type { WebhookReceiver } from './livekit-webhook-receiver.ts';

/** One region that the contract is run against: a real LiveKit server, or the simulator. */
export interface LivekitTarget {
  readonly apiUrl: string;
  readonly key: string;
  readonly secret: string;
  readonly webhooks: WebhookReceiver;
  /** A client enters with this token; undefined when the target has no client at hand. */
  enter(token: string): Promise<TargetClient>;
  /** Kills the server without a word and starts it again with the same Redis. */
  crash(): Promise<void>;
  /** Empties the region's Redis under the living server. */
  emptyRedis(): Promise<void>;
  close(): Promise<void>;
}

/** What the tests of the contract are given. */
export interface Subject {
  readonly target: LivekitTarget;
  readonly gateway: LivekitGateway;
}

/** Time-outs that no test waits for. */
export const TIMES = { emptyTimeoutSeconds: 60, departureTimeoutSeconds: 20 };

export interface TargetClient {
  leave(): Promise<void>;
}

export function signingKeyOf(target: LivekitTarget): SigningKey {
  return { key: target.key, secret: new Secret(target.secret) };
}

export function gatewayTo(target: LivekitTarget, key: SigningKey = signingKeyOf(target)): LivekitGateway {
  return createLivekitGateway({
    apiUrl: target.apiUrl,
    signAdminToken: (grant) => signAdminToken(key, grant, Date.now()),
  });
}

/** A join token as Meridian signs it, all permissions on. */
export function joinTokenFor(key: SigningKey, room: string, identity: string): string {
  return signJoinToken(key, {
    identity,
    name: 'Ada',
    metadata: '',
    attributes: { 'meridian.role': 'participant' },
    kind: 'standard',
    grant: {
      room,
      canPublish: true,
      canSubscribe: true,
      canPublishData: true,
      canPublishSources: [],
      canUpdateOwnMetadata: false,
      hidden: false,
    },
    ttlSeconds: 600,
    nowMs: Date.now(),
  });
}

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly tookMs: number;
}

/** One call without our client in between: what the server says, letter by letter. */
export async function callRaw(
  target: LivekitTarget,
  path: string,
  options: {
    readonly grant?: LivekitAdminGrant;
    readonly authorization?: string;
    readonly body?: string;
    readonly contentType?: string;
    readonly method?: string;
  },
): Promise<RawAnswer> {
  const started = performance.now();
  const authorization =
    options.authorization ??
    (options.grant && `Bearer ${signAdminToken(signingKeyOf(target), options.grant, Date.now())}`);
  const method = options.method ?? 'POST';
  const response = await fetch(`${target.apiUrl}${path}`, {
    method,
    headers: {
      'content-type': options.contentType ?? 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(method === 'GET' ? {} : { body: options.body ?? '{}' }),
  });
  const text = await response.text();
  const contentType = response.headers.get('content-type') ?? '';
  return { status: response.status, contentType, text, tookMs: performance.now() - started };
}
