import { AppError } from '../kernel/app-error.ts';
import type { PlacementDecision } from './session-ports.ts';

export function sessionNotFound(): AppError {
  return new AppError('session.not-found', { detail: 'There is no such session.' });
}

export function noPlacementYet(): AppError {
  return new AppError('session.not-found', { detail: 'This room was never entered, so there is no placement yet.' });
}

export function roomNotFound(): AppError {
  return new AppError('room.not-found', { detail: 'There is no such room.' });
}

/** How long callers wait before they ask again for a region to come back. */
const REGION_RETRY_SECONDS = 3;

/** Nothing is eligible. The candidates are for those who may see why; routes take them out for the others. */
export function refusedPlacement(decision: PlacementDecision): AppError {
  const code = decision.refusal === 'pinned-unavailable' ? 'placement.pinned-unavailable' : 'placement.no-region';
  return new AppError(code, {
    detail: decision.reason,
    retryAfterSeconds: REGION_RETRY_SECONDS,
    extra: { candidates: decision.candidates },
  });
}

/** Every region that could be tried in the time of one request failed to make the room. */
export function regionsFailed(failed: readonly string[]): AppError {
  return new AppError('placement.no-region', {
    detail: `No region could open the meeting: ${failed.join(', ')} failed, one after the other; try again shortly.`,
    retryAfterSeconds: REGION_RETRY_SECONDS,
  });
}

/** The region of a live room does not tell whether the room is still there. */
export function regionDoubtful(region: string): AppError {
  return new AppError('dependency.unavailable', {
    detail: `The region ${region} does not say where this meeting is at the moment; try again shortly.`,
    retryAfterSeconds: REGION_RETRY_SECONDS,
    extra: { dependency: 'livekit', region },
  });
}

/** The room is being changed, ended or opened by others again and again; nothing is away, and a moment helps. */
export function openingGaveUp(): AppError {
  return new AppError('dependency.unavailable', {
    detail: 'The room changed each time it was to be entered; try again shortly.',
    retryAfterSeconds: 1,
    extra: { dependency: 'room' },
  });
}
