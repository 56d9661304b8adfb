import { AppError, invalidField } from '../kernel/app-error.ts';
import { hasScope } from '../platform/http/actor.ts';
import { ANYONE, type Call, type Route, defineRoute } from '../platform/http/route.ts';
import { isoTime } from '../platform/http/wire.ts';
import type { RoomDirectory, RoomEntry } from '../rooms/rooms-module.ts';
import type { RoomConfig } from '../sessions/sessions-module.ts';
import { type By, byOf, ownTenant } from '../tenants/tenants-module.ts';
import { encodeIdentityPart } from './identity.ts';
import { JOIN_PROBLEMS, NO_STORE, findRoom } from './join-routes.ts';
import { type TokenRequest, tokenAnswerSchema, tokenRequestSchema } from './join-schemas.ts';
import type { JoinAsk } from './join.ts';
import { type JoinService, hideCandidates } from './join-service.ts';

export interface LivekitTokenRouteDependencies {
  readonly joins: JoinService;
  readonly directory: RoomDirectory;
  /** Makes a room of the tenant with a generated slug; its id. */
  readonly createRoom: (tenantId: string, by: By) => Promise<string>;
}

/** LiveKit's standard token endpoint: a stock LiveKit client's token source works with it unchanged. */
export function createLivekitTokenRoute(dependencies: LivekitTokenRouteDependencies): Route {
  const { joins } = dependencies;
  return defineRoute({
    method: 'post',
    path: '/v1/livekit/token',
    operationId: 'createLivekitToken',
    summary: 'LiveKit\'s standard token endpoint, for stock LiveKit clients',
    tag: 'Join',
    access: ANYONE,
    cors: true,
    request: { body: tokenRequestSchema },
    responses: { 201: { description: 'The token', schema: tokenAnswerSchema } },
    problems: JOIN_PROBLEMS,
    handler: async ({ body }, call) => {
      try {
        // Before a room is made for it.
        const ask = askOf(body);
        assertMayConfigure(body, call);
        const entry = await entryOf(dependencies, body, call);
        const { region, token, admission, expiresAt } = await joins.join(entry, ask, call);
        return {
          status: 201,
          headers: NO_STORE,
          body: {
            server_url: region.publicUrl,
            participant_token: token,
            room_name: entry.room.slug,
            participant_name: admission.displayName,
            region: region.id,
            expires_at: isoTime(expiresAt),
          },
        };
      } catch (error) {
        throw hideCandidates(error, call.actor);
      }
    },
  });
}

/** What a room begins with is for those who vouch for it; a guest could otherwise call in agents at others' expense. */
function assertMayConfigure({ room_config: config }: TokenRequest, call: Call): void {
  const asks = (config?.agents ?? []).length > 0 || typeof config?.metadata === 'string';
  if (asks && !hasScope(call.actor, 'joins:create')) {
    throw new AppError('auth.forbidden', { detail: 'Only an API key with joins:create may set room_config.' });
  }
}

async function entryOf({ directory, createRoom }: LivekitTokenRouteDependencies, body: TokenRequest, call: Call): Promise<RoomEntry> {
  if (typeof body.room_name === 'string') return findRoom(directory, call, body.room_name);
  if (!hasScope(call.actor, 'rooms:write') || !hasScope(call.actor, 'joins:create')) {
    throw invalidField('room_name', 'is needed: only a credential with rooms:write may have a room made');
  }
  // What would be refused later is refused now, so that no room is left behind.
  if (body.participant_identity) encodeIdentityPart(body.participant_identity, 'participant_identity');
  return findRoom(directory, call, await createRoom(ownTenant(call), byOf(call)));
}

function askOf(body: TokenRequest): JoinAsk {
  return {
    displayName: body.participant_name ?? undefined,
    displayNameField: 'participant_name',
    identity: body.participant_identity ?? undefined,
    metadata: body.participant_metadata ?? undefined,
    attributes: body.participant_attributes ?? undefined,
    roomConfig: roomConfigOf(body.room_config),
  };
}

function roomConfigOf(config: TokenRequest['room_config']): RoomConfig {
  const agents = (config?.agents ?? []).map((agent, index) => {
    const name = agent.agent_name ?? agent.agentName;
    if (!name) throw invalidField(`room_config.agents.${index}.agent_name`, 'is needed');
    return { name, metadata: agent.metadata ?? undefined };
  });
  return { metadata: config?.metadata ?? undefined, ...(agents.length > 0 ? { agents } : {}) };
}
