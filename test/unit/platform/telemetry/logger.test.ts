import { describe, expect, test } from 'vitest';
import { Secret } from '../../../../src/kernel/secret.ts';
import { createLogger } from '../../../../src/platform/telemetry/logger.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger({ level: 'debug', instance: 'i1', role: 'api', sink: { write: (line) => void lines.push(line) } }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

test('S0-12 a line says when, how urgent, which instance in which role, and what', () => {
  const line = logged((logger) => logger.info({ requestId: 'r1', status: 200 }, 'request'));
  expect(line).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), instance: 'i1', role: 'api', requestId: 'r1', status: 200, msg: 'request' });
});

describe('what bears the name of a secret is hidden', () => {
  const CANARY = 'canary-0123456789';
  test.each([
    ['at the top', { token: CANARY }],
    ['in another spelling', { Authorization: CANARY, participant_token: CANARY, secretAccessKey: CANARY }],
    ['deep inside', { a: { b: { c: { secret: CANARY, kept: 1 } } } }],
    ['in a list', { keys: [{ id: 'k', secret: CANARY }] }],
    ['deeper than any line of ours', { a: { b: { c: { d: { e: { f: { g: { token: CANARY } } } } } } } }],
    ['as a value of the type Secret', { url: new Secret(CANARY), urls: [new Secret(CANARY)] }],
    ['in what an error carries', { err: Object.assign(new Error('away'), { headers: { authorization: CANARY }, config: { password: CANARY } }) }],
    ['in the cause of an error', { err: new Error('away', { cause: Object.assign(new Error('no'), { token: CANARY }) }) }],
  ])('%s', (_name, fields) => {
    const before = JSON.stringify(fields);
    expect(JSON.stringify(logged((logger) => logger.warn(fields, 'x')))).not.toContain(CANARY);
    // What was given is not touched: it goes on to be used.
    expect(JSON.stringify(fields)).toBe(before);
  });

  test('and everything else is there', () => {
    const at = new Date(0);
    expect(logged((logger) => logger.info({ at, list: [1, { id: 'a' }], none: null, secret: undefined }, 'x'))).toMatchObject({ at: at.toISOString(), list: [1, { id: 'a' }], none: null });
    expect(logged((logger) => logger.error({ err: new Error('boom') }, 'x'))).toMatchObject({ err: { type: 'Error', message: 'boom', stack: expect.stringContaining('logger.test') } });
  });
});
