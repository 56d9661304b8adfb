import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStartArguments } from '../../../../infra/local/arguments.mjs';

describe('the flags of npm start', () => {
  it('bring up one replica on port 8080 with state in .meridian when there are none', () => {
    expect(parseStartArguments([], {})).toEqual({
      once: false,
      replicas: 1,
      port: 8080,
      simulate: false,
      stateFolder: resolve('.meridian'),
      fresh: false,
    });
  });

  it('are all read', () => {
    const flags = ['--once', '--replicas', '3', '--port', '9000', '--simulate', '--state', '/tmp/other', '--fresh'];
    expect(parseStartArguments(flags, {})).toEqual({
      once: true,
      replicas: 3,
      port: 9000,
      simulate: true,
      stateFolder: '/tmp/other',
      fresh: true,
    });
  });

  it('win over the port of the environment, which wins over the default', () => {
    expect(parseStartArguments([], { MERIDIAN_PORT: '8090' }).port).toBe(8090);
    expect(parseStartArguments(['--port', '8091'], { MERIDIAN_PORT: '8090' }).port).toBe(8091);
  });

  it.each([
    ['--port', '0'],
    ['--port', 'http'],
    ['--port', '65536'],
    ['--replicas', '0'],
    ['--replicas', '1.5'],
  ])('are refused by name where they make no sense: %s %s', (flag, value) => {
    expect(() => parseStartArguments([flag, value], {})).toThrow(flag);
  });

  it('are refused when unknown, naming the flag', () => {
    expect(() => parseStartArguments(['--forever'], {})).toThrow('--forever');
  });
});
