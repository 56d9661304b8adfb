/**
 * Something a person can understand and act on. It is printed as it stands, without a stack.
 */
export class Failure extends Error {
  /** @param {string} message @param {string} [hint] what to do about it */
  constructor(message, hint) {
    super(message);
    this.name = 'Failure';
    this.hint = hint;
  }
}

/** @param {unknown} error */
export function describeFailure(error) {
  if (error instanceof Failure) return error.hint ? `${error.message}\n  ${error.hint}` : error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
