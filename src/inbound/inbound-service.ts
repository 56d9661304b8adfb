import { AppError, dependencyUnavailable, isAppError } from '../kernel/app-error.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Page, PageRequest } from '../kernel/page.ts';
import { isDatabaseAway } from '../platform/database/database-failure.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import { verifyWebhook, type WebhookClaims, type WebhookKey } from '../platform/livekit/livekit-webhook.ts';
import { createGroupCommit } from './group-commit.ts';
import { readDelivery, retryAfterSeconds, type InboundEvent, type NewInboundEvent } from './inbound-event.ts';
import type { InboundMetrics } from './inbound-metrics.ts';
import { createInboundStore, type InboundFilter } from './inbound-store.ts';

/** What the ledger needs to know of regions. */
export interface InboundRegions {
  /** All keys of a region, retired ones too; undefined when there is no such region. */
  findWebhookKeys(regionId: string): readonly WebhookKey[] | undefined;
  /** A verified delivery is a sign of life of its region. Must not wait or throw. */
  noteSign(regionId: string, livekitKey: string): void;
}

export interface Delivery {
  readonly region: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

/** Who replays, for the audit row. */
export interface Replayer {
  readonly actor: string;
  readonly requestId: string;
}

export interface InboundService {
  /**
   * Verifies a delivery and stores it; returns only after the commit. A duplicate is no error and has no effect.
   * @throws AppError `region.unknown` (404), `auth.invalid`, `dependency.unavailable` when it could not be stored.
   */
  receive(delivery: Delivery): Promise<void>;
  list(filter: InboundFilter, page: PageRequest): Promise<Page<InboundEvent>>;
  /** @throws AppError `inbound-event.not-found` */
  replay(id: string, by: Replayer): Promise<InboundEvent>;
}

export interface InboundServiceDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly regions: InboundRegions;
  readonly clock: Clock;
  readonly metrics: InboundMetrics;
  /** Tells the ledger of this process that there is work. */
  readonly wake: () => void;
}

const COMMIT_LIMITS = {
  maxBatch: 200,
  /** The second statement fills while the first one waits for the disk. */
  maxConcurrent: 2,
  /** Ten seconds' worth at a fifth of the goal of 3,000 a second; about 12 MB of ordinary events. */
  maxWaiting: 6_000,
};

export function createInboundService(dependencies: InboundServiceDependencies): InboundService {
  const { unitOfWork, regions, clock, metrics, wake } = dependencies;
  const store = createInboundStore(unitOfWork.db);
  const commits = createGroupCommit<NewInboundEvent, boolean>({
    commit: (events) => store.insertMany(events),
    isStoreAway: isDatabaseAway,
    ...COMMIT_LIMITS,
    overload: () => dependencyUnavailable('Postgres'),
    onBatch: metrics.committed,
  });

  function verify({ region, authorization, body }: Delivery): WebhookClaims {
    const keys = regions.findWebhookKeys(region);
    if (keys === undefined) {
      throw new AppError('region.unknown', { kind: 'not-found', detail: 'There is no such region.' });
    }
    const verdict = verifyWebhook({ authorization, body, keys, nowMs: clock.nowMs() });
    if (verdict.ok) return verdict.claims;
    metrics.delivered(region, 'refused');
    metrics.refused(region, verdict.reason);
    // One answer for every reason: it teaches a forger nothing. Operators find the reason in the metrics.
    throw new AppError('auth.invalid', { detail: 'The delivery is not signed by a key of this region.' });
  }

  async function remember(event: NewInboundEvent, { signedAtMs }: WebhookClaims): Promise<boolean> {
    try {
      return await commits.write(event);
    } catch (error) {
      metrics.delivered(event.region, 'unavailable');
      if (!isDatabaseAway(error) && !isAppError(error)) throw error;
      const waitSeconds = retryAfterSeconds(signedAtMs, clock.nowMs());
      throw dependencyUnavailable('Postgres', { retryAfterSeconds: waitSeconds, cause: error });
    }
  }

  return {
    receive: async (delivery) => {
      const claims = verify(delivery);
      regions.noteSign(delivery.region, claims.key);
      const event = readDelivery(delivery.region, delivery.body);
      const isNew = await remember(event, claims);
      metrics.delivered(delivery.region, resultOf(event, isNew));
      if (isNew && event.state === 'pending') wake();
    },

    list: (filter, page) => store.list(filter, page),

    replay: async (id, { actor, requestId }) => {
      const replayed = await unitOfWork.run(async ({ db, appendAudit }) => {
        const event = await createInboundStore(db).replay(id);
        if (event === undefined) return undefined;
        await appendAudit({ actor, action: 'inbound-event.replay', subject: id, requestId, tenantId: null });
        return event;
      });
      if (replayed === undefined) {
        throw new AppError('inbound-event.not-found', { detail: 'There is no inbound event of this id.' });
      }
      wake();
      return replayed;
    },
  };
}

function resultOf(event: NewInboundEvent, isNew: boolean): 'stored' | 'duplicate' | 'unreadable' {
  if (!isNew) return 'duplicate';
  return event.state === 'unreadable' ? 'unreadable' : 'stored';
}
