import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../../../src/platform/config/load-config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const sound = { DATABASE_URL: 'postgresql://u:hidden-password@db/m', MERIDIAN_PUBLIC_URL: 'https://meet.example/', MERIDIAN_MASTER_KEY: `k1:${KEY}` };

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
}

describe('the configuration', () => {
  test('needs a database, a public URL and a master key, and has a default for the rest', () => {
    const config = loadConfig(sound);
    expect(config.MERIDIAN_PUBLIC_URL).toBe('https://meet.example');
    expect(config.MERIDIAN_TOKEN_TTL).toBe(600);
    expect(config.MERIDIAN_SESSION_ABANDON_AFTER).toBe(60);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('lists every problem at once, by name, and prints no value', () => {
    const problems = problemsOf({
      DATABASE_URL: '', MERIDIAN_PUBLIC_URL: 'ftp://hidden-1', MERIDIAN_MASTER_KEY: 'k1:hidden-2', MERIDIAN_PORT: '99999',
      MERIDIAN_TOKEN_TTL: '30s', MERIDIAN_TRUSTED_PROXIES: 'hidden-3', MERIDIAN_TYPO: 'hidden-4', MERIDIAN_ROLE: 'hidden-5',
    });
    for (const name of ['DATABASE_URL', 'MERIDIAN_PUBLIC_URL', 'MERIDIAN_MASTER_KEY', 'MERIDIAN_PORT', 'MERIDIAN_TOKEN_TTL', 'MERIDIAN_TRUSTED_PROXIES', 'MERIDIAN_TYPO', 'MERIDIAN_ROLE']) {
      expect(problems.filter((problem) => problem.startsWith(`${name}: `)), name).toHaveLength(1);
    }
    expect(problems.join()).not.toMatch(/hidden/);
  });

  test('refuses names of other releases, unless a rollback asks to ignore them', () => {
    expect(problemsOf({ ...sound, MERIDIAN_FUTURE: '1' })).toEqual([expect.stringContaining('MERIDIAN_FUTURE')]);
    expect(problemsOf({ ...sound, MERIDIAN_FUTURE: '1', MERIDIAN_ALLOW_UNKNOWN: '1' })).toEqual([]);
  });

  test.each([['45', 45], ['45s', 45], ['2m', 120], ['0', 0], ['1d', 86_400]])('reads the duration %s as %d s', (text, seconds) => {
    expect(loadConfig({ ...sound, MERIDIAN_SESSION_ABANDON_AFTER: text }).MERIDIAN_SESSION_ABANDON_AFTER).toBe(seconds);
  });

  test.each([
    ['none', { kind: 'none' }],
    ['0', { kind: 'none' }],
    ['2', { kind: 'hops', hops: 2 }],
    ['loopback, 10.0.0.0/8', { kind: 'ranges', ranges: ['127.0.0.0/8', '::1/128', '10.0.0.0/8'] }],
  ])('trusts proxies by %s', (text, expected) => {
    expect(loadConfig({ ...sound, MERIDIAN_TRUSTED_PROXIES: text }).MERIDIAN_TRUSTED_PROXIES).toEqual(expected);
  });

  test('S0-12 takes the instance id from its variable, else from HOSTNAME', () => {
    expect(loadConfig({ ...sound, MERIDIAN_INSTANCE_ID: 'api-1' }).MERIDIAN_INSTANCE_ID).toBe('api-1');
    expect(loadConfig({ ...sound, HOSTNAME: 'pod-7' }).HOST_NAME).toBe('pod-7');
  });

  test('S0-12 an empty HOSTNAME is none: the host says its own name', () => {
    expect(loadConfig({ ...sound, HOSTNAME: '' }).HOST_NAME).not.toBe('');
  });

  test.each([
    ['DATABASE_URL', 'mysql://hidden@db/m'],
    ['DATABASE_URL', 'db.example'],
    ['REDIS_URL', 'http://hidden@redis'],
    ['MERIDIAN_PUBLIC_URL', 'https://u:hidden@meet.example'],
    ['MERIDIAN_PUBLIC_URL', 'https://meet.example/?hidden'],
    ['MERIDIAN_CORS_ORIGINS', 'https://hidden.example/'],
    ['MERIDIAN_CORS_ORIGINS', 'hidden.example'],
    ['MERIDIAN_DATABASE_POOL', '3'],
    ['MERIDIAN_SHUTDOWN_SECONDS', '-1'],
  ])('refuses %s=%s without printing it', (name, value) => {
    expect(problemsOf({ ...sound, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: (?!.*hidden)`))]);
  });

  test.each([['*', ['*']], ['https://a.example, http://localhost:3000', ['https://a.example', 'http://localhost:3000']]])('takes the origins %s', (text, expected) => {
    expect(loadConfig({ ...sound, MERIDIAN_CORS_ORIGINS: text }).MERIDIAN_CORS_ORIGINS).toEqual(expected);
  });

  test('secrets do not print', () => {
    const text = JSON.stringify(loadConfig(sound));
    expect(text).not.toContain('hidden-password');
    expect(text).not.toContain(KEY);
  });
});
