import type { RoomsService } from '../rooms/rooms-module.ts';
import type { SessionService } from '../sessions/sessions-module.ts';

/** Modules that lower ones reach through ports, known only once all are made. */
export interface LateServices {
  readonly sessions: SessionService;
  readonly rooms: RoomsService;
}

export interface Late {
  /** @throws Error while the product is still being composed. */
  get(): LateServices;
  complete(services: LateServices): void;
}

export function createLate(): Late {
  let filled: LateServices | undefined;
  return {
    get: () => {
      if (!filled) throw new Error('a module was used before all were made');
      return filled;
    },
    complete: (services) => {
      filled = services;
    },
  };
}
