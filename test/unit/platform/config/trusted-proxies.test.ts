import { describe, expect, it } from 'vitest';
import { trustedProxies } from '../../../../src/platform/config/env-values.ts';

describe('MERIDIAN_TRUSTED_PROXIES', () => {
  it.each([
    ['none', { kind: 'none' }],
    ['0', { kind: 'none' }],
    ['2', { kind: 'hops', hops: 2 }],
    ['loopback', { kind: 'ranges', ranges: ['127.0.0.0/8', '::1/128'] }],
    ['10.0.0.0/8, 2001:db8::/32', { kind: 'ranges', ranges: ['10.0.0.0/8', '2001:db8::/32'] }],
    ['::ffff:10.0.0.0/104', { kind: 'ranges', ranges: ['::ffff:10.0.0.0/104'] }],
  ])('%s is taken', (text, value) => expect(trustedProxies.parse(text)).toEqual(value));

  it.each(['true', '*', '0.0.0.0/0', '::/0', '::ffff:10.0.0.0/8', '10.0.0.0/33', '10.0.0/8', 'loopback,proxy.example', '1,2', '-1'])(
    '%s is refused at start: it cannot be read, or would let callers name their own address',
    (text) => expect(trustedProxies.safeParse(text).success).toBe(false),
  );
});
