/** One promised behaviour. Rows without `code` come in a later release. */
export interface CoverageRow {
  readonly id: string;
  readonly behaviour: string;
  /** What of it this release does, where that is not all. */
  readonly part?: string;
  /** Where it is done, relative to `src/`. */
  readonly code?: readonly string[];
}

export interface CoverageGroup {
  readonly title: string;
  readonly rows: readonly CoverageRow[];
}

export const COVERAGE: readonly CoverageGroup[] = [
  {
    title: 'S0 · a server of equal replicas for many tenants',
    rows: [
      { id: 'S0-01', behaviour: 'replicas in any number behind any balancer; no session sticks to one' },
      { id: 'S0-02', behaviour: 'nothing that must last lives in a process; any replica opens sealed secrets and mints tokens', code: ['platform/secrets/secret-box.ts', 'regions/region-vault.ts', 'tokens/join-service.ts'] },
      { id: 'S0-03', behaviour: 'agents call back to any replica with a secret, tenant and user' },
      { id: 'S0-04', behaviour: 'periodic work once for each cluster, leaders spread and replaced' },
      { id: 'S0-05', behaviour: 'a distributed lock whose dead owner blocks nobody' },
      { id: 'S0-06', behaviour: 'a distributed semaphore for calls with a quota' },
      { id: 'S0-07', behaviour: 'a rate limit for each tenant, the same however many replicas' },
      { id: 'S0-08', behaviour: 'a tenant’s own limit, in force everywhere within seconds' },
      { id: 'S0-09', behaviour: 'a rate limit for each address on public endpoints' },
      { id: 'S0-10', behaviour: 'an invalidation on one replica is seen by all' },
      { id: 'S0-11', behaviour: 'fan-out reaches subscribers on every replica' },
      { id: 'S0-12', behaviour: 'instance identity from variable, host or chance; in logs, owner tokens and instance-info', code: ['coordination/instance.ts', 'platform/config/load-config.ts', 'app/instance-routes.ts'] },
      { id: 'S0-13', behaviour: 'without Redis it runs on in-process fall-backs, and says so' },
      { id: 'S0-14', behaviour: 'every address handed out is built from the configured base URLs, never from Host', code: ['platform/http/problem.ts', 'rooms/room-routes.ts'] },
      { id: 'S0-15', behaviour: 'tenants read and set their own limit below a ceiling' },
      { id: 'S0-16', behaviour: 'secrets in the regions file by reference; a changed file is a new revision', code: ['regions/regions-file.ts', 'regions/regions-file-service.ts'] },
      { id: 'S0-17', behaviour: 'replicas on another Redis are noticed' },
      { id: 'S0-18', behaviour: 'all processes away for ten minutes: nothing is wrong afterwards' },
      { id: 'S0-19', behaviour: 'LiveKit’s own cloud as a region' },
      { id: 'S0-20', behaviour: 'balancer recipes that were run' },
    ],
  },
  {
    title: 'S1 · LiveKit, distributed and in several regions',
    rows: [
      { id: 'S1-01', behaviour: 'nearest region under its load limit, equals spread, else the least loaded', code: ['placements/placement-rules.ts', 'placements/ranking.ts', 'placements/spread.ts', 'placements/recent-placements.ts'] },
      { id: 'S1-02', behaviour: 'the name, the edge or the replica reached is a hint', code: ['placements/region-hint.ts', 'placements/arrival.ts'] },
      { id: 'S1-03', behaviour: 'draining a region, with its progress' },
      { id: 'S1-04', behaviour: 'the load of regions is measured and used', code: ['regions/region-load.ts', 'regions/region-meter.ts'] },
      { id: 'S1-05', behaviour: 'never one room in two regions', code: ['sessions/session-opening.ts', 'sessions/session-store.ts', 'sessions/session-entering.ts'] },
      { id: 'S1-06', behaviour: 'SIGTERM, SIGINT and SIGQUIT: running work finishes, new work is refused', code: ['platform/lifecycle.ts', 'app/run-process.ts', 'app/serve.ts'] },
      { id: 'S1-07', behaviour: 'a region of several nodes: load summed, a dead node’s rooms reopen under the next epoch', code: ['regions/region-load.ts', 'sessions/session-verdict.ts', 'sessions/session-cleanup.ts'] },
      { id: 'S1-08', behaviour: 'rooms are held against the size of a node; one that fits nowhere warns', code: ['placements/eligibility.ts', 'rooms/region-rules.ts'] },
      { id: 'S1-09', behaviour: 'a rolling upgrade of a region’s LiveKit, as a runbook' },
    ],
  },
  {
    title: 'S2 · events in real time, over replicas',
    rows: [
      { id: 'S2-01', behaviour: 'events reach connected clients on every replica' },
      { id: 'S2-02', behaviour: 'Redis away in the middle: local delivery goes on, reconnection backs off' },
      { id: 'S2-03', behaviour: 'Redis away at the start: the process starts' },
      { id: 'S2-04', behaviour: 'the start names replica and channel' },
      { id: 'S2-05', behaviour: 'one prefix for everything in Redis' },
      { id: 'S2-06', behaviour: 'audit comes from the change itself, never from messages' },
      { id: 'S2-07', behaviour: 'a Helm chart' },
      { id: 'S2-08', behaviour: 'Redis standalone, Sentinel and Cluster' },
      { id: 'S2-09', behaviour: 'who reconnects gets what was missed, once, in order' },
      { id: 'S2-10', behaviour: 'progress of operations is an event' },
      { id: 'S2-11', behaviour: 'managed Redis: TLS, ACL users, eviction alarm' },
      { id: 'S2-12', behaviour: 'rotating every secret without a failed request, as a runbook' },
      { id: 'S2-13', behaviour: 'old and new replicas side by side' },
      { id: 'S2-14', behaviour: 'one image in the roles api, worker and all; split API deployments', part: 'the roles', code: ['app/process-role.ts', 'app/run-process.ts'] },
    ],
  },
  {
    title: 'S3 · workers and agents',
    rows: [
      { id: 'S3-01', behaviour: 'workers form a pool; a dead one’s jobs are taken up' },
      { id: 'S3-02', behaviour: 'a worker takes no job above its load threshold' },
      { id: 'S3-03', behaviour: 'a worker’s health server' },
      { id: 'S3-04', behaviour: 'a worker that is stopped finishes its jobs' },
      { id: 'S3-05', behaviour: 'guidance and manifests for autoscaling' },
      { id: 'S3-06', behaviour: 'agents dispatched by name; an unclaimed one is noticed' },
      { id: 'S3-07', behaviour: 'agent workers report region, load and draining' },
      { id: 'S3-08', behaviour: 'container images' },
      { id: 'S3-09', behaviour: 'a worker of another deployment takes no job' },
      { id: 'S3-10', behaviour: 'a sizing page from a measured run' },
      { id: 'S3-11', behaviour: 'workers bound to regions' },
      { id: 'S3-12', behaviour: 'a guide to agent pools' },
    ],
  },
  {
    title: 'S4 · meetings in several regions',
    rows: [
      { id: 'S4-01', behaviour: 'a registry of regions, changed at run time', code: ['regions/region-editor.ts', 'regions/region-service.ts', 'regions/region-directory.ts'] },
      { id: 'S4-02', behaviour: 'a region by the caller’s address', code: ['placements/placement-rules.ts', 'platform/geoip/geo-locator.ts'] },
      { id: 'S4-03', behaviour: 'a region chosen by the owner and kept with the room', code: ['placements/placement-rules.ts', 'rooms/room-policy.ts'] },
      { id: 'S4-04', behaviour: 'a region by DNS hint', code: ['placements/region-hint.ts', 'placements/arrival.ts'] },
      { id: 'S4-05', behaviour: 'tokens signed for, and pointing to, the region; of no use in another', code: ['platform/livekit/livekit-token.ts', 'tokens/role.ts', 'tokens/join-service.ts'] },
      { id: 'S4-06', behaviour: 'each region its own Redis; two on one server are refused', code: ['regions/region-set.ts', 'regions/region-address.ts'] },
      { id: 'S4-07', behaviour: 'recordings stay in their region’s bucket, and are found' },
      { id: 'S4-08', behaviour: 'recordings available from other regions' },
      { id: 'S4-09', behaviour: 'health of regions, and new sessions away from sick ones', code: ['regions/region-health.ts', 'regions/region-monitor.ts', 'regions/region-probe.ts', 'placements/eligibility.ts'] },
      { id: 'S4-10', behaviour: 'a room never leaves its residency', part: 'placement', code: ['placements/residency.ts', 'placements/eligibility.ts', 'rooms/region-rules.ts'] },
      { id: 'S4-11', behaviour: 'Postgres fail-over without a reused epoch; read replicas' },
      { id: 'S4-12', behaviour: 'one region from the start, more later, no room migrated', code: ['regions/region-editor.ts', 'placements/placement-region.ts'] },
      { id: 'S4-13', behaviour: 'owners, moderators, participants; lobby; managing people' },
      { id: 'S4-14', behaviour: 'meetings outlive their region: they reopen in another', code: ['sessions/session-abandonment.ts', 'regions/region-ledger.ts', 'sessions/session-entering.ts'] },
      { id: 'S4-15', behaviour: 'a cheap health address for each region', code: ['regions/region-routes.ts'] },
      { id: 'S4-16', behaviour: 'buckets with a jurisdiction of their own, checked' },
      { id: 'S4-17', behaviour: 'rooms belong to who made them; tenant policy and locks' },
      { id: 'S4-18', behaviour: 'from one LiveKit to Meridian by command' },
      { id: 'S4-19', behaviour: 'bytes between regions are counted' },
      { id: 'S4-20', behaviour: 'reports: far callers, availability of regions' },
    ],
  },
  {
    title: 'B · beyond',
    rows: [
      { id: 'B-01', behaviour: 'every decision is an object with candidates and reasons; a short form in each answer', code: ['placements/placement-decision.ts', 'placements/placement-reason.ts', 'placements/decision-store.ts'] },
      { id: 'B-02', behaviour: 'dry run; replay of real decisions against a proposal', part: 'the dry run', code: ['placements/placement-evaluation.ts'] },
      { id: 'B-03', behaviour: 'clients’ latencies, bounded in influence', code: ['placements/latency.ts'] },
      { id: 'B-04', behaviour: 'one residency over room, recorder, bucket, copy and download; fails closed', part: 'room and placement', code: ['placements/residency.ts', 'rooms/room-policy.ts'] },
      { id: 'B-05', behaviour: 'a verifiable record of every place a session touched' },
      { id: 'B-06', behaviour: 'an epoch in the LiveKit room’s name; an old token opens nothing', code: ['sessions/session.ts', 'sessions/session-cleanup.ts'] },
      { id: 'B-07', behaviour: 'drain as an operation' },
      { id: 'B-08', behaviour: 'moving a live meeting' },
      { id: 'B-09', behaviour: 'a reconciler of LiveKit, Postgres and buckets with findings and repairs' },
      { id: 'B-10', behaviour: 'a durable, replayable ledger of LiveKit’s webhooks', code: ['inbound/inbound-service.ts', 'inbound/inbound-ledger.ts', 'inbound/group-commit.ts', 'platform/livekit/livekit-webhook.ts'] },
      { id: 'B-11', behaviour: 'outgoing webhooks: signed, logged, replayed, guarded' },
      { id: 'B-12', behaviour: 'a catalogue of recordings, each verified' },
      { id: 'B-13', behaviour: 'a recording resumed when its recorder dies' },
      { id: 'B-14', behaviour: 'a preflight before recording' },
      { id: 'B-15', behaviour: 'plan, apply, roll back, doctor' },
      { id: 'B-16', behaviour: 'rotation of credentials with proof of use' },
      { id: 'B-17', behaviour: 'synthetic meetings' },
      { id: 'B-18', behaviour: 'the funnel from token to entry' },
      { id: 'B-19', behaviour: 'a written contract of what works without what' },
      { id: 'B-20', behaviour: 'reserved capacity for large meetings' },
      { id: 'B-21', behaviour: 'GeoIP that says what it does not know: accuracy, unknown and private addresses, age; overrides and an alarm', code: ['platform/geoip/geo-locator.ts', 'platform/geoip/geo-record.ts', 'platform/geoip/geo-overrides.ts', 'platform/geoip/ip-class.ts'] },
      { id: 'B-22', behaviour: 'placement for a group' },
      { id: 'B-23', behaviour: 'each value of a policy with its source and who locked it' },
      { id: 'B-24', behaviour: 'a deterministic simulator of regions' },
      { id: 'B-25', behaviour: 'another bucket when the first is away' },
    ],
  },
];
