import { AppError } from '../kernel/app-error.ts';

/** Absent, deleted and foreign rooms answer alike, to the byte. */
export function roomNotFound(): AppError {
  return new AppError('room.not-found', { detail: 'There is no such room.' });
}

export function slugTaken(slug: string): AppError {
  return new AppError('room.slug-taken', { detail: `Another room has the slug ${slug}; choose another, or none to have one made.` });
}

export function roomRevisionConflict(revision: number): AppError {
  return new AppError('room.revision-conflict', {
    detail: `The room is at revision ${revision} now; read it again and repeat the change.`,
  });
}

export function unknownRegion(path: string, id: string): AppError {
  const message = `there is no region ${JSON.stringify(id)}`;
  return new AppError('region.unknown', { detail: `${path}: ${message}; GET /v1/regions lists those there are.`, errors: [{ path, message }] });
}

export function regionNotAllowed(path: string, message: string): AppError {
  return new AppError('region.not-allowed', { detail: `${path}: ${message}.`, errors: [{ path, message }] });
}
