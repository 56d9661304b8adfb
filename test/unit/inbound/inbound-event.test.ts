import { describe, expect, it } from 'vitest';
import { failureText, MAX_ATTEMPTS, readDelivery, readStoredBody, retryAfterSeconds, retryDelayMs } from '../../../src/inbound/inbound-event.ts';

describe('an inbound event', () => {
  it('is read back from its stored body as it was read from the wire', () => {
    const raw = Buffer.from(JSON.stringify({ id: 'EV_1', event: 'room_started', createdAt: '1795233950', room: { sid: 'RM_1', name: 'r.1', turnPassword: 'x' } }));
    const read = readDelivery('eu-fra', raw);
    expect(read).toMatchObject({ region: 'eu-fra', eventId: 'EV_1', type: 'room_started', state: 'pending' });
    expect(readStoredBody(read.body)).toEqual(read.fields);
  });

  it('waits longer after each failure, with a spread, and is given up after the last', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, index) => retryDelayMs(index + 1, 0.5) ?? 0);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0]).toBe(1_000);
    expect(retryDelayMs(1, 0)).toBeCloseTo(800);
    expect(retryDelayMs(1, 1)).toBeCloseTo(1_200);
    expect(retryDelayMs(MAX_ATTEMPTS, 0.5)).toBeUndefined();
  });

  it('makes LiveKit keep to its own plan of 0, 1, 3, 7 and 15 s while it cannot be stored', () => {
    let atMs = 1_000_000_500;
    const signedAtMs = 1_000_000_000;
    const attempts = [0];
    for (let attempt = 1; attempt < 5; attempt += 1) {
      atMs += retryAfterSeconds(signedAtMs, atMs) * 1000;
      attempts.push(Math.floor((atMs - signedAtMs) / 1000));
    }
    expect(attempts).toEqual([0, 1, 3, 7, 15]);
    expect(retryAfterSeconds(undefined, atMs)).toBe(1);
    expect(retryAfterSeconds(atMs + 50_000, atMs)).toBe(1);
    expect(retryAfterSeconds(atMs - 50_000, atMs)).toBe(8);
  });

  it('tells a failure in one short line without tokens', () => {
    expect(failureText(new TypeError('a\neyJhbGciOiJIUzI1NiJ9.e30.c2ln'))).toBe('TypeError: a [token]');
    expect(failureText('text')).toBe('a handler failed without an error');
  });
});
