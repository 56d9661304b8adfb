/** The floors and doors of the house; see docs/architecture.md. Imports only go down. */
const MODULES = 'tenants|regions|placements|rooms|sessions|tokens|recordings|agents|events|inbound';

/** Who may use whom, by the others' door only. */
const MAY_USE = {
  tenants: [],
  regions: ['tenants'],
  placements: ['tenants', 'regions'],
  rooms: ['tenants', 'placements'],
  sessions: ['tenants', 'rooms', 'placements', 'regions'],
  tokens: ['tenants', 'rooms', 'placements', 'sessions', 'regions'],
  events: ['tenants'],
  inbound: ['tenants', 'regions'],
};

const doorsOf = (names) => names.map((name) => `^src/${name}/${name}-module\\.ts$`);

const moduleRules = Object.entries(MAY_USE).map(([name, uses]) => ({
  name: `door-of-${name}`,
  comment: `${name} reaches only the doors of: ${uses.join(', ') || 'nobody'}`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: `^src/(?:${MODULES}|app|simulator)/`, pathNot: [`^src/${name}/`, ...doorsOf(uses)] },
}));

/** Each vendor behind one door. */
const FENCES = {
  express: '^src/(?:platform/http|app)/',
  helmet: '^src/platform/http/',
  '@prisma/adapter-pg': '^src/platform/database/',
  pg: '^src/platform/database/',
  ioredis: '^src/platform/redis/',
  maxmind: '^src/platform/geoip/',
  'livekit-server-sdk': '^$',
  pino: '^src/platform/telemetry/',
  'prom-client': '^src/platform/telemetry/',
  commander: '^src/cli\\.ts$',
  'swagger-ui-express': '^src/app/',
  'zod-openapi': '^src/platform/http/',
  'ipaddr.js': '^src/platform/geoip/',
  marked: '^src/app/',
  'close-with-grace': '^src/main\\.ts$',
};

const fenceRules = Object.entries(FENCES).map(([vendor, home]) => ({
  name: `fence-of-${vendor.replaceAll(/\W+/g, '-')}`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: `node_modules/${vendor}/`, pathNot: 'node_modules/@types' },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'kernel-is-the-ground', severity: 'error', from: { path: '^src/kernel/' }, to: { path: '^src/', pathNot: '^src/kernel/' } },
    { name: 'platform-knows-no-business', severity: 'error', from: { path: '^src/platform/' }, to: { path: '^src/', pathNot: '^src/(?:platform|kernel|generated)/' } },
    { name: 'coordination-knows-no-business', severity: 'error', from: { path: '^src/coordination/' }, to: { path: '^src/', pathNot: '^src/(?:coordination|platform|kernel|generated)/' } },
    { name: 'simulator-stands-apart', severity: 'error', from: { path: '^src/simulator/' }, to: { path: '^src/', pathNot: '^src/(?:simulator|platform|kernel)/' } },
    { name: 'only-app-composes', severity: 'error', from: { path: '^src/', pathNot: '^src/(?:app/|main\\.ts|cli\\.ts)' }, to: { path: '^src/app/' } },
    { name: 'app-enters-by-doors', severity: 'error', from: { path: '^src/(?:app/|main\\.ts|cli\\.ts)' }, to: { path: `^src/(?:${MODULES})/`, pathNot: '-module\\.ts$' } },
    { name: 'routes-never-touch-stores', severity: 'error', from: { path: '-routes?\\.ts$' }, to: { path: '-store\\.ts$', dependencyTypesNot: ['type-only'] } },
    { name: 'prisma-stays-in-stores', severity: 'error', from: { path: '^src/', pathNot: ['^src/platform/database/', '-store\\.ts$', '-row\\.ts$', '^src/generated/'] }, to: { path: '^src/generated/' } },
    { name: 'src-never-imports-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(?:test|bench|infra|tools)/' } },
    ...moduleRules,
    ...fenceRules,
  ],
  options: {
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // What Prisma generates is not looked into, but that it is imported must be seen.
    doNotFollow: { path: ['node_modules', '^src/generated/'] },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
