import type { DatabaseListener, Listen } from '../platform/database/database-listener.ts';
import type { UnitOfWork } from '../platform/database/unit-of-work.ts';
import type { Module, Schedule } from '../platform/module.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { createEventRetention } from './event-retention.ts';
import { createEventSequenceStore } from './event-sequence-store.ts';
import { type EventSequencer, createEventSequencer } from './event-sequencer.ts';

export interface EventsService {
  readonly sequencer: EventSequencer;
}

export interface EventsDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly listen: Listen;
  readonly retentionSeconds: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly random: () => number;
}

/** Named by the append of an event, in the unit of work. */
const CHANNEL = 'meridian_event';
/** What a lost word costs at most. */
const POLL_EVERY_MS = 250;
const EXPIRE_EVERY_MS = 60_000;

export function createEventsModule(dependencies: EventsDependencies): Module<EventsService> {
  const store = createEventSequenceStore(dependencies.unitOfWork);
  const sequencer = createEventSequencer({ ...dependencies, store });
  const retention = createEventRetention({ ...dependencies, store });
  return {
    service: { sequencer },
    routes: [],
    schedules: [
      sequencerSchedule(sequencer, dependencies.listen),
      { name: 'event-retention', everyMs: EXPIRE_EVERY_MS, runs: 'leader', run: retention.run },
    ],
    livekitHandlers: [],
  };
}

/** Polls in every process, and from its first run to the shutdown listens too. */
function sequencerSchedule(sequencer: EventSequencer, listen: Listen): Schedule {
  let listener: DatabaseListener | undefined;
  return {
    name: 'event-sequencer',
    everyMs: POLL_EVERY_MS,
    runs: 'each',
    run: async (signal) => {
      if (listener === undefined && !signal.aborted) {
        listener = listen(CHANNEL, sequencer.wake);
        signal.addEventListener('abort', () => void Promise.all([listener?.stop(), sequencer.stop()]), { once: true });
      }
      await sequencer.run();
    },
  };
}
