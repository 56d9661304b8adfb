import { inspect } from 'node:util';

const values = new WeakMap<Secret, string>();

/** A value that never prints itself: in logs, JSON, templates and the inspector it reads `[secret]`. */
export class Secret {
  constructor(value: string) {
    values.set(this, value);
  }

  /** The plain value. Call it only where the value leaves for its purpose. */
  reveal(): string {
    return values.get(this) ?? '';
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
