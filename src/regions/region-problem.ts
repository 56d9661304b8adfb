import type { z } from 'zod';
import { AppError, type FieldError } from '../kernel/app-error.ts';

/** The field that a schema's complaint is about, in the form of a problem's `errors`. */
export function fieldFault(issue: z.core.$ZodIssue, prefix: string): FieldError {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = `${prefix}${[...issue.path, ...unknown].map(String).join('.')}`;
  return { path: path === '' ? 'body' : path, message: issue.code === 'unrecognized_keys' ? 'is not a field of a region' : issue.message };
}

/** A 400 that names every wrong field of a document. */
export function invalidDocument(errors: readonly FieldError[]): AppError {
  const [first] = errors;
  return new AppError('request.invalid', { detail: `${first?.path}: ${first?.message}`, errors });
}
