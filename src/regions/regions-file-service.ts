import { setTimeout as pause } from 'node:timers/promises';
import { isAppError } from '../kernel/app-error.ts';
import type { Logger } from '../platform/telemetry/logger.ts';
import type { ApplyRegionsDocument } from './region-document-service.ts';
import type { EditResult } from './region-edit.ts';
import { RegionsFileError, type RegionsFileOptions, readRegionsFile } from './regions-file.ts';

export interface RegionsFileService {
  /**
   * Applies the configured file at the start of a process; nothing when none is configured.
   * @throws RegionsFileError: a broken file stops the start.
   */
  applyAtStart(): Promise<void>;
  /** Applies it again if it, or a file that it refers to, has changed. Never throws: the old configuration stays. */
  applyChanged(): Promise<void>;
  /** Applies a file once, for the command line. @throws RegionsFileError; AppError `dependency.unavailable`. */
  applyOnce(path: string): Promise<EditResult>;
}

export interface RegionsFileServiceDependencies {
  readonly path: string | undefined;
  readonly readVariable: RegionsFileOptions['readVariable'];
  readonly apply: ApplyRegionsDocument;
  readonly logger: Logger;
  /** Told whether the file as it is now is in force. */
  readonly onState: (isInForce: boolean) => void;
}

/** Replicas that start together queue for one lock, each no longer than a query may take. */
const START_TRIES = 5;
const START_PAUSE_MS = 300;

export function createRegionsFileService(dependencies: RegionsFileServiceDependencies): RegionsFileService {
  const { path, readVariable, apply, logger, onState } = dependencies;
  let lastSeen: string | undefined;
  let lastComplaint: string | undefined;

  async function applyFile(file: string): Promise<void> {
    const document = await readRegionsFile({ path: file, readVariable });
    const text = JSON.stringify(document);
    if (text === lastSeen) return;
    const { revision, diff } = await naming(file, apply(document, { source: 'file', by: { actor: 'file' } }));
    lastSeen = text;
    if (diff.length > 0) logger.info({ revision, diff }, 'the regions file made a new revision');
  }

  function complain(error: unknown): void {
    onState(false);
    const message = error instanceof Error ? error.message : String(error);
    if (message !== lastComplaint) logger.error({ reason: message }, 'the regions file cannot be applied; the configuration stays as it was');
    lastComplaint = message;
  }

  function settle(): void {
    onState(true);
    if (lastComplaint !== undefined) logger.info('the regions file is in force again');
    lastComplaint = undefined;
  }

  async function startWith(file: string): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await applyFile(file);
        settle();
        return;
      } catch (error) {
        // What stands in the region is no fault of the file: serving goes on, and the watch tries again.
        if (isAppError(error, 'region.in-use')) return complain(error);
        if (!isAppError(error, 'dependency.unavailable') || tries >= START_TRIES) throw error;
        await pause(START_PAUSE_MS);
      }
    }
  }

  return {
    applyAtStart: async () => {
      if (path === undefined) onState(true);
      else await startWith(path);
    },
    applyChanged: async () => {
      if (path === undefined) return;
      try {
        await applyFile(path);
        settle();
      } catch (error) {
        complain(error);
      }
    },
    applyOnce: async (file) => {
      const document = await readRegionsFile({ path: file, readVariable });
      return naming(file, apply(document, { by: { actor: 'cli:regions-apply' } }));
    },
  };
}

/** Faults that only show beside what is stored (a missing secret, a shared Redis) are problems of the file like others. */
async function naming(path: string, applying: Promise<EditResult>): Promise<EditResult> {
  try {
    return await applying;
  } catch (error) {
    if (isAppError(error, 'request.invalid') && error.errors) throw new RegionsFileError(path, error.errors, error);
    throw error;
  }
}
