import type { Platform } from '../../../src/app/platform.ts';
import type { Scope } from '../../../src/platform/http/actor.ts';
import { type KnownRegion, type LiveSession, createRoomsModule } from '../../../src/rooms/rooms-module.ts';
import { type ApiClient, createApiClient } from '../../support/api-client.ts';
import { type TestDatabase, createTestDatabase } from '../../support/test-database.ts';
import { openModuleStage } from '../../support/test-modules.ts';

/** Rooms over HTTP; regions and live sessions are what the test says. */
export interface RoomsApi {
  readonly database: TestDatabase;
  readonly tenantKey: string;
  readonly logLines: readonly string[];
  readonly regions: KnownRegion[];
  readonly live: Map<string, LiveSession>;
  /** What the rooms asked of the sessions, in order. */
  readonly closings: readonly string[];
  makeKey(tenantId: string, scopes?: readonly Scope[]): Promise<string>;
  /** Calls with the tenant's key unless told otherwise. */
  readonly call: ApiClient['call'];
  close(): Promise<void>;
}

const ROOM_SCOPES = ['rooms:read', 'rooms:write'] as const;

/** Serves the rooms' routes from a database of the test file's own. */
export async function startRoomsApi(): Promise<RoomsApi> {
  const database = await createTestDatabase();
  const stage = openModuleStage({ DATABASE_URL: database.url });
  const regions: KnownRegion[] = [
    { id: 'eu-fra', jurisdiction: 'EU', maxRoomParticipants: 500 },
    { id: 'us-iad', jurisdiction: 'US', maxRoomParticipants: 1000 },
  ];
  const live = new Map<string, LiveSession>();
  const closings: string[] = [];
  const rooms = createRooms(stage.platform, { regions, live, closings });
  const url = await stage.serve(rooms.routes);
  const tenantKey = await stage.makeKey('default', ROOM_SCOPES);
  return {
    database, tenantKey, regions, live, closings,
    logLines: stage.logLines,
    makeKey: (tenantId, scopes = ROOM_SCOPES) => stage.makeKey(tenantId, scopes),
    call: createApiClient(url, tenantKey).call,
    close: async () => {
      await stage.close();
      await database.drop();
    },
  };
}

interface Surroundings {
  readonly regions: readonly KnownRegion[];
  readonly live: ReadonlyMap<string, LiveSession>;
  readonly closings: string[];
}

function createRooms(platform: Platform, { regions, live, closings }: Surroundings) {
  const { config } = platform;
  return createRoomsModule({
    ...platform,
    publicUrl: config.MERIDIAN_PUBLIC_URL,
    defaults: {
      access: config.MERIDIAN_DEFAULT_ACCESS,
      emptyTimeoutSeconds: config.MERIDIAN_EMPTY_TIMEOUT,
      minEmptyTimeoutSeconds: config.MERIDIAN_MIN_EMPTY_TIMEOUT,
    },
    ports: {
      liveOf: async () => live,
      closeLiveSession: async (_work, room, reason) => void closings.push(`${reason} ${room.id}`),
      closeIfOutside: async (_work, { room, effective }) => void closings.push(`outside ${room.id} ${JSON.stringify(effective.residency.value)}`),
      regions: () => regions,
    },
  });
}
