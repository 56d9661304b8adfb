import { createPortRegister } from '../../infra/local/ports.mjs';

const register = createPortRegister({ read: () => undefined, write: () => undefined });

/** A port that nothing listens on, never the same twice in one process. */
export function freePort(): Promise<number> {
  return register.take('test');
}
