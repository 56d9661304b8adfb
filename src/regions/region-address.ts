/** The addresses that a region's configuration may hold. */

const SECURE = new Set(['https:', 'wss:', 'rediss:']);
const REDIS_PORT = '6379';
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Why `text` is not a usable address of one of the protocols; undefined when it is one. */
export function faultOfAddress(text: string, protocols: readonly string[]): string | undefined {
  if (!URL.canParse(text)) return `must be an absolute URL (${protocols.join(' or ')})`;
  const url = new URL(text);
  if (!protocols.includes(url.protocol)) return `must begin with ${protocols.map((each) => `${each}//`).join(' or ')}`;
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or a fragment';
  if (!SECURE.has(url.protocol) && !LOOPBACK_HOST.test(url.hostname)) {
    return `${url.protocol} is for loopback only; use ${url.protocol.slice(0, -1)}s:`;
  }
  return undefined;
}

/** Why `text` is not the address of a Redis server; a user, a password and a database number may be in it. */
export function faultOfRedisAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be redis:// or rediss:// with a host';
  const { protocol, hostname } = new URL(text);
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '' ? undefined : 'must be redis:// or rediss:// with a host';
}

/** `host:port` in one spelling, so that two names of loopback and a port left out compare as equal. */
export function redisServerOf(url: string): string {
  const { hostname, port } = new URL(url);
  const host = LOOPBACK_HOST.test(hostname) ? 'localhost' : hostname.toLowerCase();
  return `${host}:${port === '' ? REDIS_PORT : port}`;
}

/** The address of a Redis server without its user and password, for reading. */
export function withoutUser(url: string): string {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain.href;
}

export function hasUser(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}
