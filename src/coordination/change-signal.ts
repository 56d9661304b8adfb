import type { RedisConnections } from '../platform/redis/redis-connections.ts';
import type { Freshness } from './freshness.ts';

/** Tells all replicas that something changed in Postgres, so that their next poll comes now. Carries no truth. */
export interface ChangeSignal {
  /** Refreshes this process and wakes the others. Never throws; without Redis the others poll within 400 ms. */
  announce(): void;
}

export function createChangeSignal(options: {
  readonly redis: RedisConnections | undefined;
  readonly channel: string;
  readonly freshness: Freshness;
}): ChangeSignal {
  const { redis, channel, freshness } = options;
  if (redis) {
    // ioredis subscribes again by itself after each reconnection.
    redis.subscriber.subscribe(channel).catch(() => {});
    redis.subscriber.on('message', () => void freshness.hurry());
  }
  return {
    announce: () => {
      void freshness.hurry();
      redis?.commands.publish(channel, '').catch(() => {});
    },
  };
}
