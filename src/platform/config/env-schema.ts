import { z } from 'zod';
import { durationSeconds, integer, list, masterKeys, origins, secretUrl, trustedProxies, url } from './env-values.ts';

/** One environment variable: how it is read, what it means, and how its default reads in the documents. */
export interface EnvVariable {
  readonly schema: z.ZodType;
  readonly meaning: string;
  readonly default?: string;
  readonly group: string;
}

const role = z.enum(['api', 'worker', 'all']);

/** Every variable that Meridian reads. `docs/configuration.md` is generated from this table. */
export const ENV = {
  DATABASE_URL: {
    group: 'Stores',
    schema: secretUrl(['postgresql:', 'postgres:']),
    meaning: 'Postgres, `postgresql://user:password@host:port/database`.',
  },
  REDIS_URL: {
    group: 'Stores',
    schema: secretUrl(['redis:', 'rediss:']).optional(),
    meaning:
      'Redis of the control plane, `redis://…` or `rediss://…`. Without it one replica runs alone, on in-process fall-backs.',
  },
  MERIDIAN_REDIS_PREFIX: {
    group: 'Stores',
    schema: z.string().regex(/^[\w{}:.-]{1,64}$/, 'letters, digits and {}:._- only').default('meridian'),
    default: 'meridian',
    meaning: 'Prefix of everything in Redis, so that several deployments can share one.',
  },
  MERIDIAN_DATABASE_POOL: {
    group: 'Stores',
    schema: integer(4, 100).default(12),
    default: '12',
    meaning: 'Postgres connections of one process, a third of them for joins alone; one more listens.',
  },
  MERIDIAN_ROLE: {
    group: 'Process',
    schema: role.default('all'),
    default: 'all',
    meaning: 'What this process does: `api`, `worker`, or `all`.',
  },
  MERIDIAN_INSTANCE_ID: {
    group: 'Process',
    schema: z.string().min(1).max(200).optional(),
    meaning: 'Name of this process in logs and locks. Else `HOSTNAME`, else the host name, else random.',
  },
  MERIDIAN_DEPLOYMENT_ID: {
    group: 'Process',
    schema: z.string().min(1).max(200).optional(),
    meaning: 'Must equal the id that the database keeps; guards a worker against the wrong database.',
  },
  MERIDIAN_HOST: {
    group: 'Process',
    schema: z.string().min(1).default('0.0.0.0'),
    default: '0.0.0.0',
    meaning: 'Address that the API listens on.',
  },
  MERIDIAN_PORT: {
    group: 'Process',
    schema: integer(0, 65_535).default(8080),
    default: '8080',
    meaning: 'Port of the API.',
  },
  MERIDIAN_METRICS_PORT: {
    group: 'Process',
    schema: integer(0, 65_535).default(9464),
    default: '9464',
    meaning: 'Port of the Prometheus metrics, for the private network only.',
  },
  MERIDIAN_HEALTH_PORT: {
    group: 'Process',
    schema: integer(0, 65_535).default(8081),
    default: '8081',
    meaning: 'Port of the health server of a process with the role `worker`.',
  },
  MERIDIAN_SHUTDOWN_SECONDS: {
    group: 'Process',
    schema: durationSeconds(1, 3600).optional(),
    default: '45; a worker 10m',
    meaning: 'How long running requests, and in a worker running work, may take to finish after SIGTERM.',
  },
  MERIDIAN_HANDOVER_SECONDS: {
    group: 'Process',
    schema: durationSeconds(0, 120).default(1),
    default: '1',
    meaning: 'How long an API process says that it is not ready before it refuses connections: longer than a balancer takes to see it.',
  },
  MERIDIAN_LOG_LEVEL: {
    group: 'Process',
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    default: 'info',
    meaning: 'Lowest level that is logged. `error` means a person must act, `warn` that we healed or degraded.',
  },
  MERIDIAN_PUBLIC_URL: {
    group: 'Addresses',
    schema: url(['https:', 'http:']),
    meaning: 'Public base URL. Every address handed out is built from it, never from a request header.',
  },
  MERIDIAN_INTERNAL_URL: {
    group: 'Addresses',
    schema: url(['https:', 'http:']).optional(),
    meaning: 'Base URL by which agents reach the API inside the private network. Default: the public one.',
  },
  MERIDIAN_TRUSTED_PROXIES: {
    group: 'Addresses',
    schema: trustedProxies.default({ kind: 'none' }),
    default: 'none',
    meaning:
      'Whose forwarding headers count: a number of hops, or CIDRs (also `loopback`), counted from the right.',
  },
  MERIDIAN_CORS_ORIGINS: {
    group: 'Addresses',
    schema: origins.default([]),
    default: 'none',
    meaning: 'Browser origins that may call join, token and regions: comma-separated, or `*`.',
  },
  MERIDIAN_MASTER_KEY: {
    group: 'Secrets',
    schema: masterKeys,
    meaning:
      'Master keys, newest first: `<id>:<base64 of 32 bytes>`, comma-separated. The first wraps new data keys, the others still open old ones.',
  },
  MERIDIAN_REGIONS_FILE: {
    group: 'Regions',
    schema: z.string().min(1).optional(),
    meaning: 'YAML file of regions, applied at start and again when it changes.',
  },
  MERIDIAN_REGION: {
    group: 'Regions',
    schema: z.string().min(1).optional(),
    meaning: 'Region that this replica stands in: the last of the DNS hints.',
  },
  MERIDIAN_DEFAULT_REGION: {
    group: 'Regions',
    schema: z.string().min(1).optional(),
    meaning: 'Region for callers without a place. Default: the first by id.',
  },
  MERIDIAN_PLACEMENT_RULES: {
    group: 'Placement',
    schema: list
      .pipe(z.array(z.enum(['pinned', 'hint', 'latency', 'geoip', 'default'])))
      .default(['pinned', 'hint', 'latency', 'geoip', 'default']),
    default: 'pinned,hint,latency,geoip,default',
    meaning: 'Order of the placement rules.',
  },
  MERIDIAN_GEOIP_FILES: {
    group: 'Placement',
    schema: list.default([]),
    default: 'the packaged ones',
    meaning: 'MaxMind-format file, or the IPv4 and the IPv6 file, comma-separated. Reloaded when they change.',
  },
  MERIDIAN_GEOIP_OVERRIDES_FILE: {
    group: 'Placement',
    schema: z.string().min(1).optional(),
    meaning: 'YAML file of `{cidr, country, latitude, longitude}` entries that win over the GeoIP file.',
  },
  MERIDIAN_GEOIP_STALE_DAYS: {
    group: 'Placement',
    schema: integer(1, 3650).default(45),
    default: '45',
    meaning: 'Age of the GeoIP data from which the stale alarm is raised.',
  },
  MERIDIAN_STORE_FULL_ADDRESS: {
    group: 'Placement',
    schema: z.stringbool().default(false),
    default: 'false',
    meaning: 'Keep the full client address in decisions; else only its /24 or /48.',
  },
  MERIDIAN_DEFAULT_ACCESS: {
    group: 'Rooms',
    schema: z.enum(['public', 'trusted', 'restricted']).default('restricted'),
    default: 'restricted',
    meaning: 'Access of a room whose creation names none.',
  },
  MERIDIAN_TOKEN_TTL: {
    group: 'Rooms',
    schema: durationSeconds(60, 3600).default(600),
    default: '10m',
    meaning: 'Life of a join token; it limits the first connection only. 1 to 60 minutes.',
  },
  MERIDIAN_MIN_EMPTY_TIMEOUT: {
    group: 'Rooms',
    schema: durationSeconds(1, 60).default(60),
    default: '60s',
    meaning: 'Smallest `emptyTimeoutSeconds` of a room; lowered for tests and local stacks only.',
  },
  MERIDIAN_EMPTY_TIMEOUT: {
    group: 'Rooms',
    schema: durationSeconds(1, 86_400).default(300),
    default: '5m',
    meaning: 'Default `emptyTimeoutSeconds` of a room.',
  },
  MERIDIAN_DEPARTURE_TIMEOUT: {
    group: 'Rooms',
    schema: durationSeconds(1, 3600).default(20),
    default: '20s',
    meaning: 'How long a LiveKit room outlives its last participant.',
  },
  MERIDIAN_SESSION_ABANDON_AFTER: {
    group: 'Rooms',
    schema: durationSeconds(0, 86_400).default(60),
    default: '60s',
    meaning: 'Silence of a region after which its live rooms reopen elsewhere at their next join; 0 = never.',
  },
  MERIDIAN_EVENT_RETENTION: {
    group: 'Retention',
    schema: durationSeconds(60, 90 * 86_400).default(7 * 86_400),
    default: '7d',
    meaning: 'How long events are kept.',
  },
  MERIDIAN_DECISION_RETENTION: {
    group: 'Retention',
    schema: durationSeconds(60, 3650 * 86_400).default(90 * 86_400),
    default: '90d',
    meaning: 'How long placement decisions are kept.',
  },
  MERIDIAN_ALLOW_UNKNOWN: {
    group: 'Process',
    schema: z.stringbool().default(false),
    default: 'false',
    meaning: 'Ignore `MERIDIAN_*` names this release does not know, so that a rollback starts.',
  },
} as const satisfies Record<string, EnvVariable>;
